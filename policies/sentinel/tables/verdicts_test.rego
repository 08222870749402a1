package sentinel.tables_test

import data.sentinel.tables

test_every_verdict_is_one_that_can_be_carried_out if {
	every _, row in tables.verdicts {
		row.do in {"ban", "bar", "revoke", "step_up", "alert"}
		row.seconds > 0
		is_boolean(row.alert_only)
		{where | some where in row.tell} & {"mail", "webhook"} == {where | some where in row.tell}
	}
}

test_the_sentinel_does_what_can_be_carried_out if {
	every _, may in tables.by_machine {
		may & {"ban", "bar", "revoke", "step_up", "alert"} == may
		"alert" in may
	}
}

# Delivered so: a machine cuts no clinician off.
test_no_machine_bans_who_works_here[kind] if {
	some kind in ["staff", "officer", "auditor"]
	tables.by_machine[kind] & {"ban", "revoke"} == set()
}

test_every_threshold_is_above_zero if {
	every _, n in tables.thresholds { n > 0 }
	every _, n in tables.external { n > 0 }
}
