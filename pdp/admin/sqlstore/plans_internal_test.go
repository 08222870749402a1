package sqlstore

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/internal/sqldb/sqldbtest"
)

// What is asked of handles at each turn, and when a workstation is withdrawn, is found by
// an index, however many handles there are.
func TestHandlesOfAWorkstationAreFoundByAnIndex(t *testing.T) {
	db := sqldbtest.New(t)()
	if _, err := New(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	fill(t, db, 3000)
	for query, args := range map[string][]any{
		dropThere: {"w-7"}, dropElsewhere: {"s-7"}, othersThere: {"w-7", "s-7", "s-7", "w-7"}, sessionsThere: {"w-7"},
	} {
		for _, step := range plan(t, db, query, args) {
			if strings.Contains(step, "SCAN admin_handles") || strings.Contains(step, "type=ALL") || strings.Contains(step, "type=index ") {
				t.Errorf("%s: the table is read: %s", query, step)
			}
		}
	}
}

// fill stores handles, most of them at no workstation.
func fill(t *testing.T, db *sqldb.DB, n int) {
	t.Helper()
	err := db.Change(t.Context(), func(tx *sqldb.Tx) error {
		for i := range n {
			session, where := fmt.Sprint("s-", i), ""
			if i%3 == 0 {
				where = fmt.Sprint("w-", i)
			}
			if _, err := tx.ExecContext(t.Context(), "INSERT INTO admin_sessions ("+strings.ReplaceAll(sessionColumns, "s.", "")+") VALUES (?"+strings.Repeat(", '0'", strings.Count(sessionColumns, ","))+")", session); err != nil {
				return err
			}
			if _, err := tx.ExecContext(t.Context(), "INSERT INTO admin_handles (hash, session, host, over_at, elevated_by, elevated_at, elevated_until, workstation, tapped_at, token, issued_at, expires_at, generation) "+
				"VALUES (?, ?, 'h', 1, '', 0, 0, ?, 0, '', 0, 0, 0)", fmt.Sprint("h-", i), session, where); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !db.IsFile() { // a server plans by what it has counted
		if _, err := db.DB.ExecContext(t.Context(), "ANALYZE TABLE admin_handles"); err != nil {
			t.Fatal(err)
		}
	}
}

// plan is what a database would do, one text for each step.
func plan(t *testing.T, db *sqldb.DB, query string, args []any) (steps []string) {
	t.Helper()
	how := "EXPLAIN "
	if db.IsFile() {
		how = "EXPLAIN QUERY PLAN "
	}
	rows, err := db.QueryContext(t.Context(), how+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		row, into := make([]sql.NullString, len(names)), make([]any, len(names))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		step := ""
		for i, name := range names {
			step += name + "=" + row[i].String + " "
		}
		steps = append(steps, step)
	}
	if err := rows.Err(); err != nil || len(steps) == 0 {
		t.Fatalf("no plan: %v", err)
	}
	return steps
}
