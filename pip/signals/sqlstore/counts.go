package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/signals"
)

// Counts adds up the windows that end at now, for everybody at once.
func (s *Store) Counts(ctx context.Context, now time.Time) (map[signals.Who]pip.Signals, error) {
	table := map[signals.Who]pip.Signals{}
	window := signals.Since(now, signals.Window).UnixMicro()
	for _, add := range []func(context.Context, map[signals.Who]pip.Signals, int64, int64) error{s.sums, s.members, s.external} {
		if err := add(ctx, table, window, signals.Since(now, signals.Minute).UnixMicro()); err != nil {
			return nil, fmt.Errorf("count signals: %w", err)
		}
	}
	return table, nil
}

func (s *Store) sums(ctx context.Context, table map[signals.Who]pip.Signals, window, minute int64) error {
	rows, err := s.db.QueryContext(ctx, `SELECT who, SUM(CASE WHEN slot > ? THEN requests ELSE 0 END), SUM(denials),
		SUM(denials_right), SUM(denials_relationship), SUM(denials_credential), SUM(denials_device),
		SUM(predictions), SUM(off_hours), SUM(failed_log_ins), SUM(nameless), SUM(new_device), SUM(new_country),
		SUM(impossible_travel) FROM signal_tallies WHERE slot > ? GROUP BY who`, minute, window)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var who string
		var c pip.Signals
		var device, country, travel int
		k := &c.DenialsByKind
		if err := rows.Scan(&who, &c.Requests, &c.Denials, &k.Right, &k.Relationship, &k.Credential, &k.Device,
			&c.Predictions, &c.OffHours, &c.FailedLogIns, &c.SprayedAccounts, &device, &country, &travel); err != nil {
			return err
		}
		k.Other = c.Denials - k.Right - k.Relationship - k.Credential - k.Device
		c.NewDevice, c.NewCountry, c.ImpossibleTravel = device > 0, country > 0, travel > 0
		table[whoOf(who)] = c
	}
	return rows.Err()
}

func (s *Store) members(ctx context.Context, table map[signals.Who]pip.Signals, window, _ int64) error {
	rows, err := s.db.QueryContext(ctx, "SELECT who, kind, COUNT(*) FROM signal_members WHERE last_slot > ? GROUP BY who, kind", window)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var who, kind string
		var n int
		if err := rows.Scan(&who, &kind, &n); err != nil {
			return err
		}
		c := table[whoOf(who)]
		if kind == accountMember {
			c.SprayedAccounts += n
		} else {
			c.Patients += n
		}
		table[whoOf(who)] = c
	}
	return rows.Err()
}

func (s *Store) external(ctx context.Context, table map[signals.Who]pip.Signals, window, _ int64) error {
	rows, err := s.db.QueryContext(ctx, "SELECT who, kind, SUM(events) FROM signal_external WHERE slot > ? GROUP BY who, kind", window)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var who, kind string
		var n int
		if err := rows.Scan(&who, &kind, &n); err != nil {
			return err
		}
		c := table[whoOf(who)]
		if c.External == nil {
			c.External = map[string]int{}
		}
		c.External[kind] = n
		table[whoOf(who)] = c
	}
	return rows.Err()
}
