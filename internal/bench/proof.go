package main

import (
	"context"
	"fmt"
	"strings"
	"testing/fstest"
	"time"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp/engine/diff"
	"github.com/wardgate/wardgate/pdp/engine/prove"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pdp/engine/whocan"
)

// An analysed question looks at every possible input of a rule book, and has a goal.
type analysed struct {
	what string
	goal time.Duration
	ask  func(ctx context.Context) (detail string, err error)
}

// analyses are what people wait for who change a rule book.
func analyses(rules, accounts, patients int) []analysed {
	return []analysed{
		{"policy prove, the built-in book", 2 * time.Second, func(ctx context.Context) (string, error) { return proved(ctx, 0) }},
		{fmt.Sprintf("policy prove, with %d more rules", rules), time.Minute, func(ctx context.Context) (string, error) { return proved(ctx, rules) }},
		{"policy diff, the built-in book and a word", 10 * time.Second, compared},
		{"policy who-can, accounts and patients", 10 * time.Second, func(ctx context.Context) (string, error) { return found(ctx, accounts, patients) }},
	}
}

// printProofs measures each analysis once, by the clock and by the processor.
func printProofs() error {
	fmt.Printf("\n%-46s %9s %9s %9s\n", "analysis of every possible input", "clock", "processor", "of goal")
	for _, a := range analyses(1000, 1000, 200) {
		begun, spent := time.Now(), processorTime()
		detail, err := a.ask(context.Background())
		if err != nil {
			return fmt.Errorf("%s: %w", a.what, err)
		}
		took, used := time.Since(begun), time.Duration(processorTime()-spent)
		verdict := ""
		if took > a.goal {
			verdict = fmt.Sprintf("  above %v", a.goal)
		}
		fmt.Printf("%-46s %7.2f s %7.2f s %9.2f%s  (%s)\n", a.what, took.Seconds(), used.Seconds(), took.Seconds()/a.goal.Seconds(), verdict, detail)
	}
	return nil
}

// bookFiles is the built-in rule book with its invariants, changed by add.
func bookFiles(add func(files fstest.MapFS)) (rulebook.Files, error) {
	book, err := bookWith(add)
	if err != nil {
		return nil, err
	}
	return rulebook.ReadFiles(book)
}

// proved proves the built-in book with some more rules about other things.
func proved(ctx context.Context, rules int) (string, error) {
	files, err := bookFiles(func(files fstest.MapFS) { addRules(files, rules) })
	if err != nil {
		return "", err
	}
	report, err := prove.Gate{Points: points.Sections(), Base: files}.Prove(ctx, files, nil)
	if err == nil && !report.OK {
		err = fmt.Errorf("not all is proved: %v", report.Findings())
	}
	return fmt.Sprintf("%d results, all proved", len(report.Invariants)), err
}

// compared compares the built-in book with one of which a word differs.
func compared(ctx context.Context) (string, error) {
	before, err := bookFiles(func(fstest.MapFS) {})
	if err != nil {
		return "", err
	}
	after, err := bookFiles(func(files fstest.MapFS) {
		rights := files["authz/tables/rights.rego"]
		rights.Data = []byte(strings.Replace(string(rights.Data), `"Billing and Finance": {"patient": "self"}`, `"Billing and Finance": {"patient": "account"}`, 1))
	})
	if err != nil {
		return "", err
	}
	report, err := diff.Compare(ctx, diff.Book{Name: "built-in", Files: before}, diff.Book{Name: "changed", Files: after}, points.Sections())
	if err != nil {
		return "", err
	}
	if len(report.Classes) == 0 {
		return "", fmt.Errorf("nothing differs")
	}
	return fmt.Sprintf("classes of changes: %d", len(report.Classes)), nil
}

// found finds who of a hospital can read which patient.
func found(ctx context.Context, accounts, patients int) (string, error) {
	files, err := bookFiles(func(fstest.MapFS) {})
	if err != nil {
		return "", err
	}
	roles := []string{"doctor", "nurse", "patient", "security"}
	var who []whocan.Person
	var treated []whocan.Patient
	for i := range accounts {
		who = append(who, whocan.Person{
			ID: fmt.Sprintf("a-%d", i), Role: roles[i%len(roles)], State: "active",
			Staff: fmt.Sprintf("s-%d", i), Department: fmt.Sprintf("d-%d", i%7), Patient: fmt.Sprintf("p-%d", i),
		})
	}
	for i := range patients {
		treated = append(treated, whocan.Patient{
			ID: fmt.Sprintf("p-%d", i), Staff: []string{fmt.Sprintf("s-%d", 4*i%accounts)}, Department: fmt.Sprintf("d-%d", i%7),
		})
	}
	people, err := whocan.FindPeople(ctx, "built-in", files, points.Sections(), "patient.read", who, treated)
	if err != nil {
		return "", err
	}
	if len(people.Allowed) == 0 || len(people.Allowed) == accounts {
		return "", fmt.Errorf("%d of %d accounts can", len(people.Allowed), accounts)
	}
	return fmt.Sprintf("%d combinations", people.Asked), nil
}
