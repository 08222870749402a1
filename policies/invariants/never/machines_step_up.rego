# METADATA
# title: The sentinel asks no machine for a step-up, which it has no factor for
package invariants.never.machines_step_up

violated if {
	"step_up" in data.sentinel.tables.by_machine.machine
}
