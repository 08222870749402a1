package authz.tables

# METADATA
# title: Actions that no request line stands for
# description: |
#   The policy administrator asks for these by itself. Other applications may
#   ask the decision point for actions of their own: name those here too.
unrouted := {
	"console.change",
	"console.read",
	"log_in.begin",
	"log_in.fail",
	"machine.log_in",
	"session.continue",
	"session.create",
	"session.resume",
}
