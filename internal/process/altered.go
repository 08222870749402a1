package process

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/sentinel"
	"github.com/wardgate/wardgate/pip/audit"
)

// verdictAltered is what people are told of a journal whose files somebody touched.
const verdictAltered = "journal_altered"

// lookAtJournal is how often it is asked after.
const lookAtJournal = time.Second

// tellOfJournal tells people by all channels when the journal was altered while it ran.
// No record can say so: the journal takes none any more. A channel that fails is tried
// again at the next look; it ends once all have taken the alert.
func tellOfJournal(ctx context.Context, log *slog.Logger, tell sentinel.Notifier, failure func() error) {
	ticker := time.NewTicker(lookAtJournal)
	defer ticker.Stop()
	left := []string{"mail", "webhook"}
	alert := sentinel.Alert{ID: uuid.NewString(), Verdict: verdictAltered, Do: pdp.ActionAlert}
	for len(left) > 0 {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if !errors.Is(failure(), audit.ErrAltered) {
			continue
		}
		if alert.Time.IsZero() {
			alert.Time = time.Now()
			alert.Until = alert.Time
		}
		var failed []string
		for _, channel := range left {
			if err := tell.Notify(ctx, channel, alert); err != nil {
				log.Error("people are not told of the altered journal", "channel", channel, "error", err)
				failed = append(failed, channel)
			}
		}
		left = failed
	}
}
