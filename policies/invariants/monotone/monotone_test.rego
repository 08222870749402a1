package invariants.monotone_test

import data.authz.golden_test as golden

# What moves in each step: one member along its words, or several together.
_moves(invariant) := {{invariant.member: word} | some word in invariant.order} if invariant.member

_moves(invariant) := {step | some step in invariant.order} if not invariant.member

# Each names members that inputs have, and at least two steps.
test_member_moves[name] if {
	some name, invariant in data.invariants.monotone
	steps := _moves(invariant)
	count(steps) > 1
	every step in steps {
		every path, _ in step {
			object.get(golden.doctor, split(path, "."), "missing") != "missing"
		}
	}
}
