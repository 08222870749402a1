# METADATA
# title: What a verdict of that name does here
package sentinel.sentence

import data.sentinel.tables

# METADATA
# title: The row of the table, as it is carried out
named[id] := {
	"id": id,
	"do": _do[id],
	"seconds": row.seconds,
	"tell": row.tell,
} if {
	some id, row in tables.verdicts
}

_do[id] := "alert" if {
	some id, _ in tables.verdicts
	_only_tells[id]
}

_do[id] := row.do if {
	some id, row in tables.verdicts
	not _only_tells[id]
}

_only_tells contains id if {
	some id, row in tables.verdicts
	row.alert_only
}

# Whole wards share an address of the hospital's own.
_only_tells contains id if {
	some id, _ in tables.verdicts
	input.place == "on_site"
}
