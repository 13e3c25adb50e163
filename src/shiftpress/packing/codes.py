"""The numbers of sparse matrices: those with few values as a codebook and a code each, the others in 32 bits.

Codes of a matrix with q values take the bits of q - 1, one after the other, highest bit first. A matrix has a codebook
if that is shorter, so that numbers can be written in one way only.
"""

import numpy as np

from shiftpress.core.problems import InputError
from shiftpress.packing.values import Arrays

MOST = 1 << 16
"""Values in a codebook."""


def bits_of(values: int) -> int:
    """Bits of a code, given how many values there are to tell apart.

    >>> [bits_of(values) for values in (1, 2, 3, 256)]
    [0, 1, 2, 8]
    """
    return max(values - 1, 0).bit_length()


def pays(values: int, numbers: int) -> bool:
    """Whether a codebook and codes are shorter than 32 bits for each number."""
    return 0 < values <= MOST and 32 * values + bits_of(values) * numbers < 32 * numbers


def encode(kept: list[np.ndarray]) -> Arrays:
    """The arrays of the kept numbers of each matrix, float32 and not zero."""
    levels, books, coded, plain = [], [np.empty(0, "<f4")], [np.empty(0, np.uint8)], [np.empty(0, "<f4")]
    for numbers in kept:
        book, codes = np.unique(numbers, return_inverse=True)
        levels.append(len(book) if pays(len(book), len(numbers)) else 0)
        if levels[-1]:
            books.append(book)
            coded.append(_bits(codes.reshape(-1), bits_of(len(book))))
        else:
            plain.append(numbers)
    return {
        "levels": np.array(levels, "<i8"),
        "codebooks": np.concatenate(books).astype("<f4"),
        "codes": np.packbits(np.concatenate(coded)),
        "values": np.concatenate(plain).astype("<f4"),
    }


def form(levels: list[int], counts: list[int]) -> dict[str, tuple[str, int]]:
    """Type and length of the arrays of so many numbers of each matrix. Raises InputError if the two do not agree."""
    pairs = list(zip(levels, counts, strict=True))
    if any(values and not (values <= numbers and pays(values, numbers)) or values < 0 for values, numbers in pairs):
        raise InputError("The card's codebooks are not those of its matrices.")
    bits = sum(bits_of(values) * numbers for values, numbers in pairs if values)
    plain = sum(numbers for values, numbers in pairs if not values)
    found = {"codebooks": ("F32", sum(levels)), "codes": ("U8", -(-bits // 8)), "values": ("F32", plain)}
    return found | {"levels": ("I64", len(levels))}


def decode(arrays: Arrays, counts: list[int]) -> list[np.ndarray]:
    """The numbers of each matrix, float32; the arrays have the form that ``form`` says. Raises InputError."""
    books, plain = arrays["codebooks"].astype(np.float32), arrays["values"].astype(np.float32)
    bits, found = np.unpackbits(arrays["codes"]), []
    for values, numbers in zip(arrays["levels"].tolist(), counts, strict=True):
        if not values:
            own, plain = plain[:numbers], plain[numbers:]
            if pays(len(np.unique(own)), numbers):
                raise InputError("The card's numbers are not written as cards are: a codebook is missing.")
        else:
            width = bits_of(values)
            book, books = books[:values], books[values:]
            codes, bits = _codes(bits[: width * numbers], width, numbers), bits[width * numbers :]
            if len(np.unique(codes)) != values or codes.max() >= values or not (np.diff(book) > 0).all():
                raise InputError("The card's numbers are not written as cards are: a codebook is not in order.")
            own = book[codes]
        if not np.isfinite(own).all() or not own.all():
            raise InputError("The card keeps weights that are zero or no finite numbers.")
        found.append(own)
    if bits.any():
        raise InputError("The card's codes hold more than its matrices.")
    return found


def _bits(codes: np.ndarray, width: int) -> np.ndarray:
    return ((codes[:, None] >> np.arange(width)[::-1]) & 1).astype(np.uint8).ravel()


def _codes(bits: np.ndarray, width: int, numbers: int) -> np.ndarray:
    codes = np.zeros(numbers, np.int32)
    for column in bits.reshape(numbers, width).T:  # one at a time: as integers, all bits take eight times the room
        codes = 2 * codes + column
    return codes
