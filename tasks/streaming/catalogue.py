"""The catalogue: creators and their series, as the platform's editors would know them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Show:
    """One series: what it is about, its seasons' prices, and its episodes in order."""

    title: str
    genre: str
    about: str
    cents: tuple[int, ...]
    episodes: str
    featured: int | None = None
    """Its place among the featured ones."""

    @property
    def slug(self) -> str:
        """The title as an address writes it."""
        return "-".join("".join(c if c.isalnum() else " " for c in self.title.lower()).split())


@dataclass(frozen=True)
class Creator:
    """One creator with the series that they make."""

    name: str
    bio: str
    shows: tuple[Show, ...]


CREATORS = (
    Creator(
        "Ines Varga",
        "Writes space stories on trains, shoots them in disused factories.",
        (
            Show(
                "Orbit of Salt",
                "sci-fi",
                "The crew of a water freighter finds out that its cargo has been listening. Two "
                "minutes an episode, one lie at a time.",
                (399, 499),
                "Dry Dock|Ballast|The Seventh Tank|Cold Soak|A Voice in the Hull|Salinity|Nobody "
                "Sleeps|Airlock|What the Water Said|Ghost Manifest|Drift|The Captain's Glass|"
                "Pressure|Leak|One Way Valve|Landfall",
                featured=0,
            ),
        ),
    ),
    Creator(
        "Tomas Lindqvist",
        "Former locksmith. Makes thrillers in which doors matter.",
        (
            Show(
                "The Ninth Key",
                "thriller",
                "A locksmith is paid to open the same flat every night, and every night somebody "
                "else lives there.",
                (399, 499),
                "The First Call|Wrong Flat|A Set of Eight|Chain Lock|The Other Tenant|Skeleton|"
                "Spare|Who Has the Ninth|Back on the Job|Master Key|Blind Spot|The Lodger|"
                "Deadbolt|False Bottom|The Cut|Open",
                featured=1,
            ),
        ),
    ),
    Creator(
        "Amara Okafor",
        "Four shows at once and a kitchen table that serves as the writers' room.",
        (
            Show(
                "A Room on Harbour Street",
                "drama",
                "Three sisters inherit one room. It has a view, a debt and a tenant who will not "
                "leave.",
                (299, 399),
                "The Will|Half a Window|The Tenant|Rent Day|Paper Walls|The Ferry|A Chair Too Many|"
                "Keys on the Table|Winter Rates|The Letter|Damp|Sunday Lunch|The Offer|Boxes|"
                "The View|Handing Over",
                featured=2,
            ),
            Show(
                "Second Floor, No Lift",
                "comedy",
                "The residents of a house without a lift form a committee. The committee forms a "
                "sub-committee.",
                (199,),
                "Point of Order|The Sofa|Any Other Business|Minutes|The Piano|Quorum|Abstention|"
                "The Lift Fund",
            ),
            Show(
                "Platform Four",
                "romance",
                "They meet because the 7:42 is late, and keep hoping that it will be.",
                (299, 299),
                "Delayed|The 7:42|Mind the Gap|Two Coffees|Replacement Bus|The Quiet Carriage|Lost "
                "Property|Departure|A Different Timetable|Snow on the Line|Return Ticket|First "
                "Class|Signal Failure|The Long Way|Last Train|On Time",
            ),
            Show(
                "Hands That Mend",
                "documentary",
                "People who repair what others throw away: clocks, nets, shoes, violins.",
                (99,),
                "The Clock|The Net|The Shoe|The Violin|The Kettle|The Book|The Chair|The Bicycle",
            ),
        ),
    ),
    Creator(
        "Rafael Montoya",
        "Stunt rider turned director; still does his own falls.",
        (
            Show(
                "Redline Courier",
                "action",
                "A bicycle courier carries one parcel through one city in one night, and everybody "
                "wants it.",
                (499, 599),
                "Pick-up|Green Wave|One Way|The Tunnel|No Brakes|The Bridge|Rooftop|Drop-off|"
                "Second Parcel|Night Rain|The Broker|Downhill|Dead End|Traffic|Hands Off|Signature",
                featured=3,
            ),
            Show(
                "Bridge Crew",
                "action",
                "Six people hold a drawbridge for eight minutes. Each episode is one of them.",
                (399,),
                "Minute One|Minute Two|Minute Three|Minute Four|Minute Five|Minute Six|Minute "
                "Seven|Minute Eight",
            ),
        ),
    ),
    Creator(
        "Mei-Lin Zhao",
        "Composer first. Her shows begin with a tune and end when it does.",
        (
            Show(
                "Four Chords Home",
                "music",
                "A wedding band drives home through the night and writes the song that it should "
                "have played.",
                (299, 399),
                "Load Out|Key of G|The Van|Capo|Service Station|Second Verse|The Bass Player|First "
                "Light|Home|New Drummer|Unplugged|The Bridge Part|Feedback|The B-Side|Sound Check|"
                "Encore",
                featured=4,
            ),
            Show(
                "The Night Choir",
                "music",
                "Twelve strangers sing in an underpass because of its echo.",
                (199,),
                "Echo|Alto|The Thirteenth|Harmony|Traffic Noise|Solo|The Permit|All Voices",
            ),
            Show(
                "Letters to the Baker",
                "romance",
                "Somebody leaves letters in returned bread bags. The baker answers with recipes.",
                (199,),
                "Rye|The First Note|Proof|Poppy Seed|Burnt|The Day-Old Shelf|Flour|Open at Six",
            ),
        ),
    ),
    Creator(
        "Jonas Weller",
        "Horror on a budget of one lamp.",
        (
            Show(
                "Under the Stairs at Ashby",
                "horror",
                "The cupboard is larger every time it is measured.",
                (299,),
                "Tape Measure|Eleven Feet|The Lodger's Coat|A Draught|Second Door|Knocking|The "
                "Plan of the House|Nobody Downstairs",
            ),
            Show(
                "The Lamp Room",
                "horror",
                "A miner's lamp comes back up without its miner, still lit.",
                (299,),
                "Lamp Forty|The Roll|Shaft Two|Black Damp|The Canary|Names on Brass|Lights Out|"
                "Day Shift",
            ),
        ),
    ),
    Creator(
        "Priya Raman",
        "Physicist who explains badly on purpose, so that the story has to.",
        (
            Show(
                "The Quiet Relay",
                "sci-fi",
                "Messages from a probe arrive in the wrong order. The last one came first.",
                (399,),
                "Message Nine|Message Four|Lag|Message One|Noise Floor|Message Seven|Handshake|"
                "Message Zero",
            ),
            Show(
                "Wrong Number, Right Dog",
                "comedy",
                "A dog-sitter answers somebody else's phone and gets somebody else's life.",
                (199,),
                "Hello?|The Dog|Call Waiting|Voicemail|Two Leads|Roaming|On Hold|Goodbye, Hello",
            ),
        ),
    ),
    Creator(
        "Samuel Adeyemi",
        "Reads balance sheets for suspense.",
        (
            Show(
                "Cold Ledger",
                "thriller",
                "An auditor finds an account that pays in money every time somebody disappears.",
                (499,),
                "Opening Balance|Petty Cash|Double Entry|Write-off|The Auditor|Accrued|Suspense "
                "Account|Closing Balance",
            ),
        ),
    ),
    Creator(
        "Klara Novotna",
        "Grew up by the sea and has been filming it since.",
        (
            Show(
                "What the Tide Kept",
                "drama",
                "A village waits for a boat that everybody knows is not coming.",
                (499,),
                "Low Water|The List|Nets|A Lamp in the Window|Spring Tide|The Harbour Master|Salt "
                "Bread|High Water",
            ),
        ),
    ),
    Creator(
        "Elias Brandt",
        "Travels with one camera and a sleeping bag.",
        (
            Show(
                "The Last Lighthouse Keepers",
                "documentary",
                "Eight lights, eight people who still climb the stairs.",
                (199,),
                "North Rock|The Spiral|Fog Signal|A Log of Birds|The Lens|Supply Day|Storm Watch|"
                "Switching Off",
            ),
        ),
    ),
    Creator(
        "Yuki Tanabe",
        "Shows how it is done, including how it goes wrong.",
        (
            Show(
                "Thirty Seconds of Rain",
                "behind-the-scenes",
                "What it takes to make rain fall on one actor for half a minute.",
                (399,),
                "The Order|Pipes|The Tank|Backlight|Wet Shoes|Take Nine|The Umbrella|Thirty "
                "Seconds",
            ),
        ),
    ),
    Creator(
        "Bronagh Kelly",
        "Sports reporter who prefers the fifth division.",
        (
            Show(
                "Extra Time at Eastfield",
                "sports",
                "A football ground is to be sold. Its club has one season left and no striker.",
                (799,),
                "The Notice|Pre-season|Away Day|The Groundsman|Own Goal|Derby|Injury Time|The Last "
                "Whistle",
            ),
        ),
    ),
)

SHOWS = tuple(show for creator in CREATORS for show in creator.shows)
"""All series, creator by creator."""

FIRST_SHOW = tuple(
    sum(len(one.shows) for one in CREATORS[:place]) for place in range(len(CREATORS))
)
"""The place of each creator's first series in `SHOWS`."""

EPISODES_EACH = 8
"""Episodes of every season: what the platform asks of a published one."""
