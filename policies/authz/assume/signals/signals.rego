# METADATA
# title: Behaviour that is known has a word for each count, and unknown behaviour has none
package authz.assume.signals

impossible if {
	input.context.signals.state == "unknown"
	_counted
}

impossible if {
	input.context.signals.state in {"fresh", "stale"}
	_uncounted
}

_counted if input.context.signals.requests != ""

_counted if input.context.signals.denials != ""

_counted if input.context.signals.failed_log_ins != ""

_counted if input.context.signals.patients != ""

_counted if input.context.signals.predictions != ""

_uncounted if input.context.signals.requests == ""

_uncounted if input.context.signals.denials == ""

_uncounted if input.context.signals.failed_log_ins == ""

_uncounted if input.context.signals.patients == ""

_uncounted if input.context.signals.predictions == ""
