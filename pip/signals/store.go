package signals

import (
	"context"
	"time"

	"github.com/wardgate/wardgate/pip"
)

// A Store keeps what was counted, for all processes together. Its contract is
// held by package signalstest; what it keeps can be counted again from the
// journal.
type Store interface {
	// Add keeps a batch, exactly once however often it is called with the same
	// origin and number. When it returns nil, Counts sees the batch.
	Add(ctx context.Context, b Batch) error
	// Counts returns what everybody did who did anything in the windows that
	// end at now, without habits and readings. It is called each second.
	Counts(ctx context.Context, now time.Time) (map[Who]pip.Signals, error)
	// Habits returns what is usual, by subject, over the Remembered time before now.
	Habits(ctx context.Context, now time.Time) (map[string]Habit, error)
}

// A Batch is what one process has counted since its last batch.
type Batch struct {
	Origin  string // the process; new at each start
	Number  uint64 // counts the batches of an origin from 1
	Tallies []Tally
}

// A Tally is what one subject did, or what came from one address, in one slot.
type Tally struct {
	Who
	Slot time.Time // when the slot began, UTC
	Counts

	Accounts  []string // distinct, whose log-in failed
	Patients  []string // distinct, whose data was in answers
	Countries []string // distinct, of log-ins
}

// Counts are what can be added up.
type Counts struct {
	Requests         int
	Denials          int
	DenialsByKind    pip.DenialKinds
	Predictions      int
	OffHours         int
	FailedLogIns     int
	Nameless         int // failed log-ins that were for no account
	NewDevice        int
	NewCountry       int
	ImpossibleTravel int
	External         map[string]int
}

// A Habit is what is usual for one subject.
type Habit struct {
	// Patients is the 95th percentile of the distinct patients of an hour, over
	// the whole hours in which there were any; 0 when those are fewer than
	// HabitHours.
	Patients  int
	Countries []string // of log-ins, sorted
}

// HabitHours is how many hours of work make a habit.
const HabitHours = 5

// Percentile is the 95th percentile of hourly counts in ascending order, or 0
// when they are too few to be a habit.
func Percentile(ascending []int) int {
	if len(ascending) < HabitHours {
		return 0
	}
	return ascending[(len(ascending)*95+99)/100-1]
}
