"""Workbooks made for the tests, honest ones and others."""

from __future__ import annotations

import io
import struct
import zipfile

import openpyxl

CONTENT = "[Content_Types].xml"


def workbook(*rows, title="Sheet", hidden=(), formulas=None):
    """An .xlsx with one visible sheet; ``hidden`` maps the names of hidden sheets to their rows."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    for cell, formula in (formulas or {}).items():
        sheet[cell] = formula
    for name, state, content in hidden:
        other = book.create_sheet(name)
        other.sheet_state = state
        for row in content:
            other.append(list(row))
    return saved(book)


def saved(book):
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def repacked(data, changes, *, remove=()):
    """The same archive with some parts replaced: name -> bytes, or a function of the bytes that were there."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        names = set()
        for part in old.infolist():
            if part.filename in remove:
                continue
            names.add(part.filename)
            change = changes.get(part.filename, lambda content: content)
            new.writestr(part.filename, change(old.read(part)) if callable(change) else change)
        for name, content in changes.items():
            if name not in names and not callable(content):
                new.writestr(name, content)
    return stream.getvalue()


def lying(data, name, claimed):
    """The same archive whose directory says that part ``name`` unpacks to ``claimed`` bytes."""
    changed = bytearray(data)
    position = data.rfind(b"PK\x05\x06")
    offset = struct.unpack_from("<I", data, position + 16)[0]
    while data[offset : offset + 4] == b"PK\x01\x02":
        length, extra, comment = struct.unpack_from("<HHH", data, offset + 28)
        if data[offset + 46 : offset + 46 + length] == name.encode():
            struct.pack_into("<I", changed, offset + 24, claimed)
            local = struct.unpack_from("<I", data, offset + 42)[0]
            struct.pack_into("<I", changed, local + 22, claimed)
        offset += 46 + length + extra + comment
    return bytes(changed)


def open_document(rows):
    """A minimal .ods: rows of (type, value, text)."""
    cells = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="{kind}" {value}><text:p>{text}</text:p></table:table-cell>'
            for kind, value, text in row
        )
        + "</table:table-row>"
        for row in rows
    )
    return open_document_of(cells)


def open_document_of(cells):
    content = (
        '<?xml version="1.0" encoding="UTF-8"?><office:document-content '
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2">'
        f'<office:body><office:spreadsheet><table:table table:name="Sheet">{cells}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    manifest = (
        '<?xml version="1.0" encoding="UTF-8"?><manifest:manifest '
        'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        '<manifest:file-entry manifest:full-path="/" '
        'manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/></manifest:manifest>'
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", manifest)
        archive.writestr("content.xml", content)
    return stream.getvalue()
