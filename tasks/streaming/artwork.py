"""Artwork: a thumbnail for every series, drawn from its title and genre."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw, ImageFont

SIZE = (640, 360)
PALETTES = {
    "sci-fi": ((12, 20, 48), (48, 140, 190)),
    "thriller": ((24, 24, 28), (150, 60, 40)),
    "drama": ((40, 34, 58), (190, 150, 120)),
    "comedy": ((236, 180, 60), (240, 110, 80)),
    "romance": ((120, 50, 80), (240, 170, 160)),
    "documentary": ((40, 60, 50), (170, 180, 130)),
    "action": ((50, 10, 10), (230, 110, 30)),
    "music": ((30, 10, 60), (200, 60, 160)),
    "horror": ((6, 8, 8), (60, 90, 70)),
    "behind-the-scenes": ((30, 40, 60), (150, 170, 190)),
    "sports": ((10, 60, 40), (120, 200, 90)),
}
"""From the top's colour to the bottom's."""


def thumbnail(title: str, genre: str, creator: str) -> bytes:
    """A PNG of 640 x 360: a gradient in the genre's colours, the title, the creator."""
    top, bottom = (Image.new("RGB", SIZE, colour) for colour in PALETTES[genre])
    image = Image.composite(bottom, top, Image.linear_gradient("L").resize(SIZE))
    draw = ImageDraw.Draw(image)
    draw.rectangle((32, 288, 92, 292), fill="white")
    draw.multiline_text((32, 120), _wrapped(title), fill="white", font=ImageFont.load_default(44))
    draw.text((32, 304), f"{creator}  |  {genre}", fill="white", font=ImageFont.load_default(20))
    content = io.BytesIO()
    image.save(content, "PNG", optimize=True)
    return content.getvalue()


def _wrapped(title: str) -> str:
    """At most 22 characters a line, between words."""
    lines = [""]
    for word in title.split():
        if len(lines[-1]) + len(word) > 22:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)
