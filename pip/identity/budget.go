package identity

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/wardgate/wardgate/pip"
)

// countMail counts one more mail to a subject's address that the caller causes
// for the purpose; one too many changes nothing. A familiar origin has a budget
// of its own. So has each unfamiliar network, for the first mails of a day: the
// further ones of all of them share one.
func (a *Authenticator) countMail(ctx context.Context, purpose Purpose, c caller, now time.Time) (bool, error) {
	l := a.limits()
	count := func(who string, limit MailLimit) (bool, error) {
		return a.store.CountMail(ctx, string(purpose)+"/"+c.subject+"/"+who, limit, now)
	}
	if purpose != PurposeLogIn { // a log-in has its own pace: Resend, and how many may be open
		if ok, err := count(c.origin, MailLimit{Every: l.ResendEvery, Most: l.Resends, Span: challengeSpan}); err != nil || !ok {
			return false, err
		}
	}
	if !c.unfamiliar() {
		return true, nil
	}
	first, err := count(c.origin+"/day", MailLimit{Most: l.NetworkMails, Span: day})
	if err != nil {
		return false, err
	}
	if first {
		return count("first", MailLimit{Most: l.NetworkMails * l.UnfamiliarNetworks, Span: day})
	}
	return count("further", MailLimit{Most: l.UnfamiliarMails, Span: day})
}

// mayAsk refuses a caller who has begun too much. Those from unfamiliar networks
// are counted for their network, and beyond the first of each for all of them.
func (a *Authenticator) mayAsk(ctx context.Context, c caller, now time.Time) error {
	l := a.limits()
	var open, of, all int // of and all stay 0 for familiar callers
	group, both := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		open, err = a.store.CountOpen(both, c.subject, c.origin, l.CodeAttempts, now.Add(-challengeSpan), now)
		return err
	})
	if c.unfamiliar() {
		group.Go(func() (err error) {
			of, all, err = a.store.CountBegun(both, c.subject, unfamiliarKind, c.origin, now.Add(-challengeSpan))
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("challenge: %w", err)
	}
	if open >= l.OpenChallenges ||
		of > 0 && (of >= l.NetworkChallenges || all >= l.OpenChallenges) || all >= l.UnfamiliarNetworks*l.NetworkChallenges {
		return &pip.Refusal{Reason: "throttled", Account: c.subject, Wait: l.CodeLife}
	}
	return nil
}

// noticed counts a notice to the owner of an account, of which one goes out in a
// day.
func (a *Authenticator) noticed(ctx context.Context, account string, now time.Time) (bool, error) {
	return a.store.CountMail(ctx, "notice/"+account, MailLimit{Most: 1, Span: day}, now)
}

// busy is what a caller is told who finds too many at work: so much time brings
// some of them to their end.
const busyWait = 2 * time.Second
