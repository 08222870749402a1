package whocan

import (
	"encoding/csv"
	"io"
	"strings"
)

// CSV writes a table for spreadsheets: RFC 4180, a row for each entry, the usual
// first. No cell begins a formula.
func (t *Table) CSV(w io.Writer) error {
	out := newCSV(w)
	out.row("action", "roles", "right", "reach", "needs", "rows", "withheld", "duties")
	var usual []string
	for _, n := range t.Usual {
		usual = append(usual, n.String())
	}
	if len(usual) > 0 {
		out.row("(the usual)", "", "", "", strings.Join(usual, " AND "), "", "", "")
	}
	for i := range t.Entries {
		e := &t.Entries[i]
		out.row(e.Action, strings.Join(e.Roles, ", "), e.Right, e.Reach, strings.Join(e.needs(), " AND "),
			strings.Join(e.Rows, " OR "), strings.Join(said(e.Withheld), "; "), strings.Join(said(e.Duties), "; "))
	}
	return out.done()
}

// csvWriter keeps the first error for the end.
type csvWriter struct {
	w   *csv.Writer
	err error
}

func newCSV(w io.Writer) *csvWriter { return &csvWriter{w: csv.NewWriter(w)} }

func (c *csvWriter) row(cells ...string) {
	for i, cell := range cells {
		cells[i] = harmless(cell)
	}
	if c.err == nil {
		c.err = c.w.Write(cells)
	}
}

func (c *csvWriter) done() error {
	c.w.Flush()
	if c.err == nil {
		c.err = c.w.Error()
	}
	return c.err
}

// harmless is a cell that no spreadsheet takes for a formula: those begin with one
// of these, behind blanks too.
func harmless(cell string) string {
	if at := strings.TrimLeft(cell, " \t\r\n"); at != "" && strings.ContainsRune("=+-@|%", rune(at[0])) || strings.HasPrefix(cell, "\t") || strings.HasPrefix(cell, "\r") {
		return "'" + cell
	}
	return cell
}
