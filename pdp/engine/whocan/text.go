package whocan

import (
	"fmt"
	"io"
	"strings"
)

// Text writes a table for a terminal: a block for each role.
func (t *Table) Text(w io.Writer) {
	fmt.Fprintf(w, "%s (%.12s)\n", t.Book, t.Revision)
	if len(t.Usual) > 0 {
		fmt.Fprintln(w, "\nthe usual:")
		for _, n := range t.Usual {
			fmt.Fprintf(w, "  - %s\n", n)
		}
	}
	for i := range t.Entries {
		t.Entries[i].text(w)
	}
	fmt.Fprintln(w, "\nNo other role takes any of these actions, and no other action is allowed.")
}

func (e *Entry) text(w io.Writer) {
	fmt.Fprintf(w, "\n%s by %s%s\n", e.Action, strings.Join(e.Roles, ", "), e.right())
	for i, need := range e.needs() {
		head := "needs"
		if i > 0 {
			head = "  and"
		}
		fmt.Fprintf(w, "    %s %s\n", head, need)
	}
	for _, line := range []struct {
		what string
		list []string
	}{{"rows", e.Rows}, {"withheld", said(e.Withheld)}, {"duties", said(e.Duties)}} {
		if len(line.list) > 0 {
			fmt.Fprintf(w, "    %s: %s\n", line.what, strings.Join(line.list, "; "))
		}
	}
}

func (e *Entry) right() string {
	if e.Right == "" {
		return ""
	}
	if e.Reach == "" {
		return "  (" + e.Right + ")"
	}
	return "  (" + e.Right + ": " + e.Reach + ")"
}

// needs are all needs in words.
func (e *Entry) needs() []string {
	var list []string
	if e.Usual {
		list = append(list, e.usual())
	}
	for _, n := range e.Needs {
		list = append(list, n.String())
	}
	if e.Partly {
		list = append(list, "more, in too many rows to be written")
	}
	if len(list) == 0 {
		list = append(list, "nothing")
	}
	return list
}

// usual says that what is usual is needed, and what of it is not.
func (e *Entry) usual() string {
	if len(e.Except) == 0 {
		return "the usual"
	}
	words := make([]string, len(e.Except))
	for i, n := range e.Except {
		words[i] = n.String()
	}
	return "the usual, but not as such: " + strings.Join(words, "; ")
}

func said(list []Duty) []string {
	words := make([]string, len(list))
	for i, d := range list {
		words[i] = d.String()
	}
	return words
}
