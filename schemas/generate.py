#!/usr/bin/env python3
"""Makes of the schema all that has the shape of a record.

  generate.py tables xdpcap.fbs FOLDER     the schema in two files, for `flatc --cpp`
  generate.py records xdpcap.bfbs FOLDER   what is listed in OUTPUTS, into FOLDER
  generate.py typescript xdpcap.bfbs FILE  the types of the dashboard

README.md beside this file has the meaning of the attributes. Python standard library only.
"""
import pathlib
import re
import sys
from string import Template

from parsed import BOOL, OBJECT, SCALARS, STRING, UBYTE, VECTOR, Schema

# Header: what it holds. The first two know no FlatBuffers.
OUTPUTS = {"record/enums.hpp": "the enums and their names",
           "record/records.hpp": "the records as plain structs",
           "schemas/record_tables.hpp": "from structs to FlatBuffers and back",
           "schemas/record_json.hpp": "from FlatBuffers to JSON lines",
           "schemas/record_views.hpp": "from structs to the API of xdpcap-web and to gRPC"}
MADE = "// Made by schemas/generate.py of schemas/xdpcap.fbs: {}.\n"
COLUMNS = 100


# ------------------------------------------------------------------ enums and structs
def cpp(text, **values):
    return Template(text).substitute(values)


def lines(text, fields, **more):
    """The text once for each field, with $name and what else `more` makes of the field."""
    return "".join(cpp(text, name=field.name, **{key: make(field) for key, make in more.items()})
                   for field in fields)


def enums_header(schema):
    out = """#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace xdpcap::schema {

// A number of the wire may be one that this build does not know.
template <class Enum, std::size_t count>
constexpr std::string_view name_in(
    const std::array<std::string_view, count>& names, Enum value) noexcept {
  const auto number = static_cast<std::size_t>(value);
  return number < count ? names[number] : std::string_view("unknown");
}

// Of an enum whose values are numbers of bits.
template <class Enum>
constexpr std::uint64_t bit(Enum number) noexcept {
  return std::uint64_t{1} << static_cast<unsigned>(number);
}

"""
    for enum in schema.enums:
        out += cpp("""enum class $name : std::uint8_t { $values, MIN = $first, MAX = $last };
constexpr std::string_view name_of($name value) noexcept {
  constexpr std::array<std::string_view, $count> kNames{$names};
  return name_in(kNames, value);
}

""", name=enum.name, values=", ".join(enum.values), first=enum.values[0], last=enum.values[-1],
                   count=len(enum.values), names=", ".join(f'"{value}"' for value in enum.values))
    return out + "} // namespace xdpcap::schema\n"


def member_type(field, owned):
    if field.base == STRING:
        short = field.attributes.get("short")
        return f"ShortText<{short}>" if short else "std::string" if owned else "std::string_view"
    if field.base == VECTOR:
        if field.element == UBYTE:
            return "std::span<const std::byte>"
        if field.element == STRING:
            return "std::vector<std::string>" if owned else "std::span<const std::string_view>"
        return f"std::span<const {field.object.name}>"
    if field.base == OBJECT:
        name = field.object.name
        if field.is_struct or field.has("always"):
            return name
        if not owned:
            return f"const {name}*"
        shared = "shared" in field.object.attributes
        return f"std::shared_ptr<const {name}>" if shared else f"std::optional<{name}>"
    return f"schema::{field.enum.name}" if field.enum else SCALARS[field.base][0]


def records_header(schema):
    out = """#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "record/enums.hpp"
#include "record/short_text.hpp"

// Members are named as the fields of the schema, which says what they mean.
namespace xdpcap::record {

"""
    for one in schema.ordered(lambda o: o.is_record):
        out += f"struct {one.name} {{\n"
        if "shared" in one.attributes:
            out += "  std::uint64_t serial = 0; // two with one number are the same; 0: none\n"
        out += lines("  $type $name$default;\n", one.fields,
                     type=lambda f: member_type(f, "owned" in one.attributes),
                     default=lambda f: f" = {f.default}" if f.default else "{}")
        out += "};\n\n"
    return out + "} // namespace xdpcap::record\n"


# ------------------------------------------------------------------ FlatBuffers
def part_of(field):
    """C++ that writes what lies outside of the table, before it; None where nothing does."""
    value = f"record.{field.name}"
    if field.is_struct:
        return f"table_form({value})"
    if not field.is_reference or field.has("given"):
        return None
    if field.base == STRING:
        return f"write_{'required' if field.required else 'text'}(builder, {value})"
    if field.base == VECTOR:
        kind = {UBYTE: "bytes", STRING: "texts"}.get(field.element, "tables")
        return f"write_{kind}(builder, {value})"
    if field.has("always"):
        return f"write(builder, {value})"
    return f"{value} ? write(builder, *{value}) : Offset<schema::{field.object.name}>(0)"


def bound_of(one):
    """C++ of an upper bound of the bytes that the table and its parts take."""
    fixed = 4 + 7 + sum(f.size[0] for f in one.fields)   # table, its padding
    fixed += 4 + 2 * len(one.fields) + 1                 # vtable
    fixed += 8 * len(one.fields)                         # the builder's notes while it is written
    parts = []
    for field in one.fields:
        value = f"record.{field.name}"
        if field.has("given") or not field.is_reference:
            continue
        if field.base == OBJECT:
            parts.append(f"bytes_of({value})" if field.has("always") else
                         f"({value} ? bytes_of(*{value}) : 0)")
        else:
            parts.append(f"room_for({value})")
    return " + ".join([str(fixed), *parts])


def writer(one):
    def added(field):
        if field.is_struct:
            return f"&{field.name}"
        return field.name if field.is_reference else f"record.{field.name}"

    out = ""
    # Else the builder grows.
    if not any(f.base == VECTOR and f.element == OBJECT for f in one.fields):
        out += cpp("""inline std::size_t bytes_of(
    [[maybe_unused]] const record::$name& record) noexcept {
  return $bound;
}
""", name=one.name, bound=bound_of(one))
    out += cpp("""inline Offset<schema::$name> write(
    Builder& builder, const record::$name& record$given) {
""", name=one.name, given=lines(", $type $name", [f for f in one.fields if f.has("given")],
                                type=lambda f: "Text" if f.base == STRING else
                                f"Offset<schema::{f.object.name}>"))
    parts = [f for f in one.fields if part_of(f)]
    out += lines("  const auto $name = $part;\n", parts, part=part_of)
    out += f"  schema::{one.name}Builder out(builder);\n"
    out += lines("  out.add_$name($value);\n", one.by_alignment(), value=added)
    return out + "  return out.Finish();\n}\n"


def reader(one):
    out = cpp("""inline record::$name read(const schema::$name& table) {
  record::$name record;
""", name=one.name)
    for field in one.fields:
        value = f"table.{field.name}()"
        if field.base == OBJECT:
            if not field.has("given"):
                out += f"  if ({value} != nullptr) record.{field.name} = read(*{value});\n"
        elif field.base == STRING:
            out += f"  record.{field.name} = read_text({value});\n"
        else:
            out += f"  record.{field.name} = {value};\n"
    return out + "  return record;\n}\n"


def one_piece(one):
    """A table that is filled and written as one structure (publish/message_table.hpp)."""
    def kind(field):
        if field.is_reference:
            return "std::uint32_t"
        other = field.object or field.enum
        return f"schema::{other.name}" if other else SCALARS[field.base][0]

    end = 8 + sum(f.size[0] for f in one.fields)
    rest = -end % 8
    vectors = [f for f in one.fields if f.is_reference]
    return cpp("""struct ${name}Table {
  std::uint32_t padding = 0;
  std::int32_t to_vtable = 0;
$members$rest};
static_assert(sizeof(${name}Table) == $size);

// A table begins at its distance to the vtable.
inline constexpr std::array<std::uint16_t, $words> k${name}Vtable{
    2 * $words, $size - 4$places};

// What may be absent.
struct ${name}Part {
  std::uint16_t field; // its place in the vtable, as the generated code numbers it
  std::uint32_t ${name}Table::*offset;
};
inline constexpr std::array<${name}Part, $count> k${name}Parts{{$parts}};

""", name=one.name, size=end + rest, words=2 + len(one.fields), count=len(vectors),
               members=lines("  $kind $name{};\n", one.by_alignment(), kind=kind),
               rest=f"  std::array<std::uint8_t, {rest}> rest{{}};\n" if rest else "",
               places=lines(",\n    std::uint16_t{offsetof(${table}Table, $name) - 4}", one.fields,
                            table=lambda f: one.name),
               parts=lines("\n    {schema::$table::VT_$upper, &${table}Table::$name},", vectors,
                           table=lambda f: one.name, upper=lambda f: f.name.upper()))


def tables_header(schema):
    out = """#pragma once

#include <array>
#include <cstddef>

#include "codec/record_parts.hpp"
#include "record/records.hpp"
#include "schemas/xdpcap_generated.h"

namespace xdpcap::record {

"""
    for one in schema.ordered(lambda o: o.is_struct and o.name == "Endpoint"):
        out += cpp("""inline schema::$name table_form(const record::$name& record) noexcept {
  return {$plain};
}
inline record::$name read(const schema::$name& table) noexcept {
  return {$tables};
}

""", name=one.name, plain=", ".join(f"record.{f.name}" for f in one.fields),
                   tables=", ".join(f"table.{f.name}()" for f in one.fields))
    for one in schema.ordered(lambda o: not o.is_struct):
        if "one_piece" in one.attributes:
            out += one_piece(one)
        elif one.is_record:
            out += writer(one) + (reader(one) if "view" in one.attributes else "") + "\n"
    return out + "} // namespace xdpcap::record\n"


# ------------------------------------------------------------------ JSON lines
def json_member(field):
    """C++ that adds the field to `object`."""
    value, attributes = f"record.{field.name}()", field.attributes
    name = attributes.get("json", field.name)
    if field.has("time") and "json" not in attributes:
        name = name.removesuffix("_ns")
    if field.has("bits"):
        return f'append_bits<schema::{attributes["bits"]}>(object.member("{name}"), {value});'
    if field.has("json_by"):
        return f"{attributes['json_by']}(object, record, options);"
    if field.is_struct:
        return f'object.text("{name}", text_of({value}));'
    if field.base == OBJECT:
        return f'append_table(object.member("{name}"), {value}, options);'
    if field.base == STRING:
        return f'add_words(object, "{name}", {value});'
    if field.has("hex"):
        return f'json::append_hex(object.member("{name}"), text_of({value}));'
    if field.has("body"):
        return f'append_bytes(object, "{name}", text_of({value}), options);'
    if field.base == VECTOR:
        return f'append_list(object.member("{name}"), {value}, options);'
    if field.enum:
        return f'object.text("{name}", name_of({value}));'
    call = "boolean" if field.base == BOOL else "time" if field.has("time") else "number"
    return f'object.{call}("{name}", {value});'


def json_condition(field):
    value = f"record.{field.name}()"
    if field.has("json_by") or field.has("always"):
        return ""
    if field.has("with"):
        return f"record.{field.attributes['with']}()"
    if field.base == STRING or (field.base == OBJECT and not field.is_struct):
        return f"{value} != nullptr"
    if field.has("hex") or field.has("body"):
        return f"{value} != nullptr"
    if not field.has("optional") or field.base == BOOL:
        return value if field.has("optional") else ""
    return f"{value} >= 0" if field.default < 0 else f"{value} != 0"


def json_header(schema):
    def condition(field):
        return f"if ({json_condition(field)}) " if json_condition(field) else ""

    out = """#pragma once

#include "schemas/xdpcap_generated.h"

// Included by codec/json.cpp, which has the functions that are called here.
namespace xdpcap::codec {

"""
    elsewhere = ("Endpoint", "Span", "FieldSpan")
    shown = schema.ordered(lambda o: o.name not in elsewhere and "envelope" not in o.attributes)
    for one in shown:
        line = one.attributes.get("line")
        out += cpp("""inline void append_members(Object& object, const schema::$name& record,
                           [[maybe_unused]] const JsonOptions& options) {
$kind$members}

""", name=one.name, kind=f'  object.text("kind", "{line}");\n' if line else "",
                   members=lines("  $condition$member\n", one.in_json(), condition=condition,
                                 member=json_member))
    return out + "} // namespace xdpcap::codec\n"


# ------------------------------------------------------------------ xdpcap-web
def is_duration(field):
    return field.name.endswith("_ns") and not field.has("time")


def view_name(field):
    return field.attributes.get("api", field.name)


def api_name(field):
    name = view_name(field)
    return name.removesuffix("_ns") + "_ms" if is_duration(field) else name


def api_member(field):
    value, call = f"record.{field.name}", "words" if field.base == STRING else "number"
    absent = ""
    if field.none:
        absent = f'{field.none.format(value)} ? object.null("{api_name(field)}") : '
    if field.enum:
        value, call = f"name_of({value})", "text"
    elif is_duration(field):
        call = "ms"
    return f'{absent}object.{call}("{api_name(field)}", {value});'


def message_member(field):
    value, none = f"record.{field.name}", field.none
    guard = f"if (!({none.format(value)})) " if none and field.base != STRING else ""
    if field.enum:
        value = f"std::string(name_of({value}))"
    elif field.base == STRING:
        value = f"utf8_of({value})"
    return f"{guard}message.set_{view_name(field)}({value});"


def views_header(views):
    out = """#pragma once

#include "core/utf8.hpp"
#include "record/records.hpp"

// `object` is a JsonObject of xdpcap-web, `message` one of Protocol Buffers.
namespace xdpcap::web {

"""
    for one in views:
        out += cpp("""template <class Object>
void append_members(Object& object, const record::$name& record) {
$members}
template <class Message>
void set_members(Message& message, const record::$name& record) {
$fields}

""", name=one.name, members=lines("  $member\n", one.in_views(), member=api_member),
                   fields=lines("  $member\n", one.in_views(), member=message_member))
    return out + "} // namespace xdpcap::web\n"


def typescript(schema, views):
    def kind(field):
        if field.enum:
            return field.enum.name
        return {STRING: "string", BOOL: "boolean"}.get(field.base, "number")

    out = MADE.format("types of the API that are those of records")
    for enum in schema.enums:
        words = [f"'{value}'" for value in enum.values]
        one, name = " | ".join(words), f"export type {enum.name} ="
        if len(f"{name} {one};") <= COLUMNS:  # as Prettier breaks lines
            out += f"\n{name} {one};\n"
        elif len(f"  {one};") <= COLUMNS:
            out += f"\n{name}\n  {one};\n"
        else:
            out += f"\n{name}\n" + "\n".join(f"  | {word}" for word in words) + ";\n"
    for one in views:
        out += cpp("\nexport interface $name {\n$members}\n", name=one.name,
                   members=lines("  $api: $kind$null;\n", one.in_views(), api=api_name, kind=kind,
                                 null=lambda f: " | null" if f.none else ""))
    return out


# ------------------------------------------------------------------ files
def split_schema(path, folder):
    """flatc makes no code of what a schema includes: the only enums are those of enums_header()."""
    text = path.read_text()
    enums = re.compile(r"^enum .*?\}\n", re.S | re.M)
    namespace = re.search(r"^namespace .*\n", text, re.M)[0]
    write(folder / "enums.fbs", namespace + "".join(enums.findall(text)))
    write(folder / path.name, 'include "enums.fbs";\n' + enums.sub("", text))
    write(folder / "include/schemas/enums_generated.h",
          '#pragma once\n#include "record/enums.hpp"\n')


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def main():
    task, source, target = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    if task == "tables":
        return split_schema(source, target)
    schema = Schema(source.read_bytes())
    # A line is shown in parts.
    views = schema.ordered(lambda o: "view" in o.attributes and "line" not in o.attributes)
    if task == "typescript":
        return write(target, typescript(schema, views))
    texts = (enums_header(schema), records_header(schema), tables_header(schema),
             json_header(schema), views_header(views))
    for (name, holds), text in zip(OUTPUTS.items(), texts):
        write(target / name, MADE.format(holds) + text)


if __name__ == "__main__":
    main()
