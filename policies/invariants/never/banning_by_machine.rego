# METADATA
# title: No machine cuts off staff, officers or auditors by itself
package invariants.never.banning_by_machine

violated if {
	some kind in ["staff", "officer", "auditor"]
	some deed in data.sentinel.tables.by_machine[kind]
	not deed in {"alert", "step_up"}
}
