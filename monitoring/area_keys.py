"""Keys of areas: those of the same place have 5, 8, 9 or 12 digits."""


def place_of(key: str) -> str:
    """A key as short as the place allows: those of 5, 8, 9 and 12 digits of the same place become one.

    >>> place_of("053660004004"), place_of("053660004"), place_of("05366004")
    ('05366004', '05366004', '05366004')
    >>> place_of("05111000"), place_of("051110000000"), place_of("05111"), place_of("01100101")
    ('05111', '05111', '05111', '01100101')
    """
    if len(key) == 12 or (len(key) == 9 and key[5] == "0"):
        key = key[:5] + key[-3:]
    return key[:5] if len(key) == 8 and key.endswith("000") else key
