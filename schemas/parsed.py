"""A schema as flatc has parsed it (`flatc --binary --schema`): the format is reflection.fbs of
FlatBuffers, and is read here without its library. Python standard library only."""
import struct
import sys

SCALARS = {2: ("bool", 1), 3: ("std::int8_t", 1), 4: ("std::uint8_t", 1), 5: ("std::int16_t", 2),
           6: ("std::uint16_t", 2), 7: ("std::int32_t", 4), 8: ("std::uint32_t", 4),
           9: ("std::int64_t", 8), 10: ("std::uint64_t", 8)}
BOOL, UBYTE, STRING, VECTOR, OBJECT = 2, 4, 13, 14, 15


class Table:
    """A table of a FlatBuffer: fields by their number, as reflection.fbs counts them."""
    def __init__(self, data, at):
        self.data, self.at = data, at
        self.vtable = at - struct.unpack_from("<i", data, at)[0]

    def place(self, number):
        size = struct.unpack_from("<H", self.data, self.vtable)[0]
        slot = 4 + 2 * number
        inside = struct.unpack_from("<H", self.data, self.vtable + slot)[0] if slot < size else 0
        return self.at + inside if inside else None

    def scalar(self, number, form, default=0):
        at = self.place(number)
        return default if at is None else struct.unpack_from("<" + form, self.data, at)[0]

    def target(self, number):
        at = self.place(number)
        return None if at is None else at + struct.unpack_from("<I", self.data, at)[0]

    def text(self, number):
        at = self.target(number)
        if at is None:
            return ""
        size = struct.unpack_from("<I", self.data, at)[0]
        return self.data[at + 4:at + 4 + size].decode()

    def table(self, number):
        return Table(self.data, self.target(number))

    def tables(self, number):
        at = self.target(number)
        if at is None:
            return []
        places = range(at + 4, at + 4 + 4 * struct.unpack_from("<I", self.data, at)[0], 4)
        return [Table(self.data, p + struct.unpack_from("<I", self.data, p)[0]) for p in places]

    def attributes(self, number):
        return {pair.text(0): pair.text(1) for pair in self.tables(number)}


class Enum:
    def __init__(self, raw):
        self.name = raw.text(0).split(".")[-1]
        self.values = [value.text(0) for value in raw.tables(1)]
        numbers = [value.scalar(1, "q") for value in raw.tables(1)]
        if numbers != list(range(len(numbers))) or raw.table(3).scalar(0, "b") != UBYTE:
            sys.exit(f"{self.name}: its numbers must be 0, 1, 2, ... of type ubyte")


class Field:
    def __init__(self, raw, schema):
        self.name, self.id = raw.text(0), raw.scalar(2, "H")
        kind = raw.table(1)
        self.base, self.element = kind.scalar(0, "b"), kind.scalar(1, "b")
        of = self.element if self.base == VECTOR else self.base
        index = kind.scalar(2, "i", -1)
        self.enum = schema.enums[index] if of in SCALARS and index >= 0 else None
        self.object_index = index if of == OBJECT else None
        self.schema, self.default = schema, raw.scalar(4, "q")
        self.required = bool(raw.scalar(7, "b"))
        self.attributes = raw.attributes(9)

    def has(self, attribute):
        return attribute in self.attributes

    @property
    def object(self):
        return None if self.object_index is None else self.schema.objects[self.object_index]

    @property
    def is_struct(self):
        return self.base == OBJECT and self.object.is_struct

    @property
    def is_reference(self):
        return self.base in (STRING, VECTOR) or (self.base == OBJECT and not self.is_struct)

    @property
    def size(self):
        """Bytes within the table, and their alignment."""
        if self.is_struct:
            return self.object.bytes, self.object.alignment
        return (4, 4) if self.is_reference else (SCALARS[self.base][1],) * 2

    @property
    def none(self):
        """C++ of 'its value says that it is not known', over {}; empty where it always is."""
        if not self.has("none"):
            return ""
        values = self.attributes["none"].split()
        if self.base == STRING:
            return "{}.empty()"
        return " || ".join(f"{{}} == {value}u" for value in values).replace("{} ==", "{0} ==")


class Object:
    def __init__(self, raw, schema):
        self.name, self.raw, self.schema = raw.text(0).split(".")[-1], raw, schema
        self.is_struct = bool(raw.scalar(2, "b"))
        self.alignment, self.bytes = raw.scalar(3, "i"), raw.scalar(4, "i")
        self.attributes = raw.attributes(5)

    def read_fields(self):
        fields = [Field(raw, self.schema) for raw in self.raw.tables(1)]
        self.fields = sorted(fields, key=lambda f: f.id)

    @property
    def is_record(self):
        """Is there a plain struct of it?"""
        return not self.attributes.keys() & {"one_piece", "envelope"}

    def by_alignment(self):
        return sorted(self.fields, key=lambda f: (-f.size[1], f.id))

    def in_json(self):
        shown = [f for f in self.fields if f.attributes.get("json") != "-"]
        return sorted(shown, key=lambda f: float(f.attributes.get("order", f.id)))

    def in_views(self):
        return [f for f in self.fields if f.attributes.get("api") != "-"]


class Schema:
    def __init__(self, data):
        raw = Table(data, struct.unpack_from("<I", data)[0])
        self.enums = [Enum(e) for e in raw.tables(1)]
        self.objects = [Object(o, self) for o in raw.tables(0)]
        for one in self.objects:
            one.read_fields()

    def ordered(self, wanted):
        """Those objects, each behind what it consists of."""
        done = []

        def add(one):
            for field in one.fields:
                if field.object and field.object is not one:
                    add(field.object)
            if one not in done and wanted(one):
                done.append(one)
        for one in self.objects:
            add(one)
        return done
