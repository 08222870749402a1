package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/pip/signals"
)

// Habits rolls the hours up that are over, and returns what is usual.
func (s *Store) Habits(ctx context.Context, now time.Time) (map[string]signals.Habit, error) {
	if err := s.rollUp(ctx, now.UTC().Truncate(time.Hour).UnixMicro()); err != nil {
		return nil, fmt.Errorf("roll signals up: %w", err)
	}
	habits := map[string]signals.Habit{}
	memory := now.Add(-signals.Remembered).UnixMicro()
	for _, read := range []func(context.Context, map[string]signals.Habit, int64) error{s.hours, s.countries} {
		if err := read(ctx, habits, memory); err != nil {
			return nil, fmt.Errorf("read habits: %w", err)
		}
	}
	return habits, nil
}

// rollUp counts each hour that began before then, and drops its rows. What
// still comes for such an hour counts with what came before.
func (s *Store) rollUp(ctx context.Context, then int64) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // a no-op after Commit
	over, err := hoursOver(ctx, tx, then)
	if err != nil || len(over) == 0 {
		return err
	}
	a := adder{ctx: ctx, tx: tx}
	for _, h := range over {
		a.upsert("UPDATE signal_hours SET patients = patients + ? WHERE who = ? AND hour_at = ?",
			"INSERT INTO signal_hours (patients, who, hour_at) VALUES (?, ?, ?)", h.patients, h.who, h.hour)
	}
	a.exec("DELETE FROM signal_reads WHERE hour_at < ?", then)
	if a.err != nil {
		return a.err
	}
	return tx.Commit()
}

// An hour is how many patients a subject read of in it.
type hour struct {
	who            string
	hour, patients int64
}

func hoursOver(ctx context.Context, tx *sql.Tx, then int64) ([]hour, error) {
	rows, err := tx.QueryContext(ctx, "SELECT who, hour_at, COUNT(*) FROM signal_reads WHERE hour_at < ? GROUP BY who, hour_at", then)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var over []hour
	for rows.Next() {
		var h hour
		if err := rows.Scan(&h.who, &h.hour, &h.patients); err != nil {
			return nil, err
		}
		over = append(over, h)
	}
	return over, rows.Err()
}

func (s *Store) hours(ctx context.Context, habits map[string]signals.Habit, memory int64) error {
	rows, err := s.db.QueryContext(ctx, "SELECT who, patients FROM signal_hours WHERE hour_at >= ? ORDER BY who, patients", memory)
	if err != nil {
		return err
	}
	defer rows.Close()
	counts := map[string][]int{}
	for rows.Next() {
		var who string
		var n int
		if err := rows.Scan(&who, &n); err != nil {
			return err
		}
		counts[who] = append(counts[who], n)
	}
	for who, ascending := range counts {
		if usual := signals.Percentile(ascending); usual > 0 {
			subject := whoOf(who).Subject
			h := habits[subject]
			h.Patients = usual
			habits[subject] = h
		}
	}
	return rows.Err()
}

func (s *Store) countries(ctx context.Context, habits map[string]signals.Habit, memory int64) error {
	rows, err := s.db.QueryContext(ctx, "SELECT who, country FROM signal_countries WHERE last_slot >= ? ORDER BY who, country", memory)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var who, country string
		if err := rows.Scan(&who, &country); err != nil {
			return err
		}
		subject := whoOf(who).Subject
		h := habits[subject]
		h.Countries = append(h.Countries, country)
		habits[subject] = h
	}
	return rows.Err()
}
