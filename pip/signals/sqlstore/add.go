package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/pip/signals"
)

// The kinds of members that are counted once, however often they occur.
const (
	accountMember = "account"
	patientMember = "patient"
)

// Add keeps a batch in one transaction, with its number: a batch that was
// kept is not kept again.
func (s *Store) Add(ctx context.Context, b signals.Batch) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("keep a batch: %w", err)
	}
	defer tx.Rollback() // a no-op after Commit
	a := adder{ctx: ctx, tx: tx}
	if !a.begin(b) {
		return a.err
	}
	for i := range b.Tallies {
		a.tally(&b.Tallies[i])
	}
	if a.err != nil {
		return fmt.Errorf("keep a batch: %w", a.err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("keep a batch: %w", err)
	}
	return nil
}

// An adder writes one batch. After a failure it does nothing more.
type adder struct {
	ctx context.Context
	tx  *sql.Tx
	err error
}

// begin takes the batch's number, unless it or a later one was taken before.
func (a *adder) begin(b signals.Batch) bool {
	var newest int64
	err := a.tx.QueryRowContext(a.ctx, "SELECT number FROM signal_batches WHERE origin = ?", b.Origin).Scan(&newest)
	if err != nil && err != sql.ErrNoRows {
		a.err = fmt.Errorf("keep a batch: %w", err)
		return false
	}
	if err == nil && uint64(newest) >= b.Number {
		return false
	}
	a.upsert("UPDATE signal_batches SET number = ?, added_at = ? WHERE origin = ?",
		"INSERT INTO signal_batches (number, added_at, origin) VALUES (?, ?, ?)", int64(b.Number), newestSlot(b), b.Origin)
	return a.err == nil
}

func newestSlot(b signals.Batch) int64 {
	var newest time.Time
	for i := range b.Tallies {
		if b.Tallies[i].Slot.After(newest) {
			newest = b.Tallies[i].Slot
		}
	}
	return newest.UnixMicro()
}

// upsert runs the update, and the insert when there was nothing to update.
// Both take the same arguments.
func (a *adder) upsert(update, insert string, args ...any) {
	if a.err != nil {
		return
	}
	result, err := a.tx.ExecContext(a.ctx, update, args...)
	if err != nil {
		a.err = err
		return
	}
	hit, err := result.RowsAffected()
	if err == nil && hit == 0 {
		_, err = a.tx.ExecContext(a.ctx, insert, args...)
	}
	a.err = err
}

func (a *adder) tally(t *signals.Tally) {
	who, slot := rowOf(t.Who), t.Slot.UnixMicro()
	a.counts(who, slot, &t.Counts)
	for kind, n := range t.External {
		a.upsert("UPDATE signal_external SET events = events + ? WHERE who = ? AND slot = ? AND kind = ?",
			"INSERT INTO signal_external (events, who, slot, kind) VALUES (?, ?, ?, ?)", n, who, slot, kind)
	}
	for _, id := range t.Accounts {
		a.member(who, accountMember, id, slot)
	}
	hour := t.Slot.Truncate(time.Hour).UnixMicro()
	for _, id := range t.Patients {
		a.member(who, patientMember, id, slot)
		a.once("signal_reads", "who = ? AND hour_at = ? AND patient = ?",
			"INSERT INTO signal_reads (who, hour_at, patient) VALUES (?, ?, ?)", who, hour, id)
	}
	for _, country := range t.Countries {
		a.latest("signal_countries", "who = ? AND country = ?",
			"INSERT INTO signal_countries (who, country, last_slot) VALUES (?, ?, ?)", slot, who, country)
	}
}

func (a *adder) counts(who string, slot int64, c *signals.Counts) {
	a.upsert(`UPDATE signal_tallies SET requests = requests + ?, denials = denials + ?, denials_right = denials_right + ?,
		denials_relationship = denials_relationship + ?, denials_credential = denials_credential + ?,
		denials_device = denials_device + ?, predictions = predictions + ?, off_hours = off_hours + ?,
		failed_log_ins = failed_log_ins + ?, nameless = nameless + ?, new_device = new_device + ?,
		new_country = new_country + ?, impossible_travel = impossible_travel + ? WHERE who = ? AND slot = ?`,
		`INSERT INTO signal_tallies (requests, denials, denials_right, denials_relationship, denials_credential,
		denials_device, predictions, off_hours, failed_log_ins, nameless, new_device, new_country, impossible_travel, who, slot)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		c.Requests, c.Denials, c.DenialsByKind.Right, c.DenialsByKind.Relationship, c.DenialsByKind.Credential,
		c.DenialsByKind.Device, c.Predictions, c.OffHours, c.FailedLogIns, c.Nameless, c.NewDevice,
		c.NewCountry, c.ImpossibleTravel, who, slot)
}

func (a *adder) member(who, kind, id string, slot int64) {
	a.latest("signal_members", "who = ? AND kind = ? AND member = ?",
		"INSERT INTO signal_members (who, kind, member, last_slot) VALUES (?, ?, ?, ?)", slot, who, kind, id)
}

// latest keeps the newest slot of a row. The keys stand in the order of where.
func (a *adder) latest(table, where, insert string, slot int64, keys ...any) {
	there := a.count("SELECT COUNT(*) FROM "+table+" WHERE "+where, keys...)
	switch {
	case a.err != nil:
	case there == 0:
		a.exec(insert, append(keys, slot)...)
	default:
		a.exec("UPDATE "+table+" SET last_slot = ? WHERE "+where+" AND last_slot < ?", append(append([]any{slot}, keys...), slot)...)
	}
}

func (a *adder) once(table, where, insert string, keys ...any) {
	if a.count("SELECT COUNT(*) FROM "+table+" WHERE "+where, keys...) == 0 {
		a.exec(insert, keys...)
	}
}

func (a *adder) count(query string, args ...any) (n int) {
	if a.err == nil {
		a.err = a.tx.QueryRowContext(a.ctx, query, args...).Scan(&n)
	}
	return n
}

func (a *adder) exec(query string, args ...any) {
	if a.err == nil {
		_, a.err = a.tx.ExecContext(a.ctx, query, args...)
	}
}
