"""The twelve customers of the staging shop: invented people, reserved mail domains."""

from __future__ import annotations

import json

import pandas as pd

_PEOPLE = (
    ("Nguyen Van Minh", "+84 90 555 0101", "12 Tran Hung Dao", "Hanoi", "100000"),
    ("Tran Thi Lan", "+84 91 555 0102", "48 Le Loi", "Ho Chi Minh City", "700000"),
    ("Le Quang Huy", None, "7 Bach Dang", "Da Nang", "550000"),
    ("Pham Thu Ha", "+84 93 555 0104", "215 Nguyen Trai", "Hanoi", "100000"),
    ("Hoang Duc Anh", "+84 94 555 0105", "33 Hung Vuong", "Hue", "530000"),
    ("Vu Ngoc Mai", None, "90 Dien Bien Phu", "Hai Phong", "180000"),
    ("Dang Tuan Kiet", "+84 96 555 0107", "5 Mau Than", "Can Tho", "900000"),
    ("Bui Thanh Tam", "+84 97 555 0108", "61 Tran Phu", "Nha Trang", "650000"),
    ("Do Khanh Linh", None, "18 Phan Chu Trinh", "Hoi An", "560000"),
    ("Ngo Bao Chau", "+84 98 555 0110", "140 Vo Thi Sau", "Ho Chi Minh City", "700000"),
    ("Duong Gia Bao", "+84 99 555 0111", "26 Quang Trung", "Vinh", "460000"),
    ("Ly My Duyen", None, "3 Nguyen Hue", "Da Lat", "670000"),
)


def _address(name: str, street: str, city: str, postcode: str) -> str:
    place = {"name": name, "line1": street, "city": city, "postal_code": postcode, "country": "VN"}
    return json.dumps(place, sort_keys=True)


CUSTOMERS = pd.DataFrame(
    [
        (
            name,
            name.lower().replace(" ", ".") + "@customers.example",
            phone,
            _address(name, street, city, postcode),
        )
        for name, phone, street, city, postcode in _PEOPLE
    ],
    columns=["name", "email", "phone", "address"],
    dtype=object,
)
