package try

import (
	"fmt"
	"io"
	"strings"

	"github.com/wardgate/wardgate/pep/code"
)

// print writes the report for people.
func (r *report) print(w io.Writer) {
	fmt.Fprintf(w, "%s %s%s as %s\n", r.Method, r.Host, r.Path, r.who())
	if r.Allow {
		fmt.Fprintf(w, "allowed: it goes to %s, which answers\n", r.Route.Application)
	} else {
		fmt.Fprintf(w, "denied: the enforcement point answers %s\n", r.answered())
	}
	for _, one := range r.Reasons {
		fmt.Fprintf(w, "  %s: %s\n", one.Code, one.Text)
	}
	if !r.Allow && len(r.Shown) != len(r.Reasons) {
		fmt.Fprintf(w, "  the client is told: %s\n", strings.Join(r.Shown, ", "))
	}
	if r.Grounds != nil {
		for _, rule := range r.Grounds.Names() {
			fmt.Fprintf(w, "  rule %s\n", rule)
		}
		if r.Grounds.Right != "" {
			fmt.Fprintf(w, "  right %s %s\n", r.Grounds.Right, r.Grounds.Reach)
		}
	}
	r.printRoute(w)
	var duties []string
	for _, one := range r.Duties {
		duties = append(duties, one.ID+": "+one.Text)
	}
	printList(w, "obligations", duties)
	helps := r.Helps
	if r.Right != "" {
		helps = append(helps, r.Right)
	}
	printList(w, "what would allow", helps)
	printList(w, "taken from the stores", r.Taken)
	printList(w, "assumed", r.Assumed)
	fmt.Fprintf(w, "\nNothing was recorded, counted or changed. Rule book %.12s\n", r.Version)
}

func (r *report) who() string {
	switch {
	case r.Account != "":
		return fmt.Sprintf("account %s (%s)", r.Account, r.Role)
	case r.Role != "":
		return "role " + r.Role
	default:
		return "a caller without a session"
	}
}

func (r *report) printRoute(w io.Writer) {
	fmt.Fprintln(w, "\nwhere it leads")
	if r.Route == nil {
		fmt.Fprintln(w, "  "+r.line.nowhere())
		for _, n := range r.Near {
			fmt.Fprintf(w, "  near: %s %s of %s (%s)\n", n.Method, n.Path, n.Application, n.Why)
		}
		return
	}
	x := r.Route
	fmt.Fprintf(w, "  application  %s\n  row          %s %s\n  methods      %s: any other is refused\n  action       %s\n  resource     %s\n  body         %s%s\n  session      %s\n",
		x.Application, x.Method, x.Path, x.Methods, x.Action, strings.TrimSpace(x.Resource+" "+x.ID), x.Body, x.bounds(), x.session())
}

// bounds says how large a body may be, and whether it has to be there.
func (x *reached) bounds() (said string) {
	if x.Limit > 0 {
		said = fmt.Sprintf(", at most %d bytes", x.Limit)
	}
	if x.Required {
		said += ", required"
	}
	return said
}

// nowhere says why the line leads to no row.
func (l *line) nowhere() string {
	switch {
	case l.flaw == "":
		return "no row matches this request line"
	case l.flaw == code.MethodNotAllowed:
		return "the path takes " + l.found.Allow + " alone, and other methods need rows of their own"
	case l.flaw == code.PathAmbiguous && l.routed:
		return "the row that takes the path is not the strictest: in another spelling it would be another row's"
	case l.flaw == code.ResourceUnclear:
		return "the query has to name the resource once, in the form that the row says"
	default:
		return "nowhere: it is refused before any row is looked for"
	}
}

// session says how sessions come to the row.
func (x *reached) session() string {
	switch {
	case !x.Cookie:
		return "by token alone: the application has no host of its own, and a cookie is refused (401 cookie_misplaced)"
	case x.Origin != "":
		return "by token, or by the cookie of " + x.Origin
	default:
		return "by token, or by the cookie of the origin at which Wardgate's pages are"
	}
}

func printList(w io.Writer, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s\n", title)
	for _, one := range lines {
		fmt.Fprintf(w, "  %s\n", one)
	}
}
