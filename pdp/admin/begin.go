package admin

import (
	"context"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/pdp"
)

const (
	actionBegin = "log_in.begin"

	// barredWait is the wait that a barred client is told: how long a bar
	// really lasts is no stranger's business.
	barredWait = time.Minute
)

// mayTry asks the policy before a password or a code is looked at, without
// naming the account, so that an unknown e-mail and a known one are the same
// question. No answer is a fault, and nothing is looked at. A refusal is told
// like any other wait, and is not journalled, or strangers could fill the
// journal.
func (a *Admin) mayTry(ctx context.Context, c Client, from familiarity) error {
	question := pdp.Request{
		Subject:  pdp.Subject{Type: "anonymous"},
		Action:   pdp.Action{Name: actionBegin},
		Resource: pdp.Resource{Type: "account"},
		Context: pdp.Context{
			Time: a.cfg.Now(), Address: c.Address, UserAgent: c.UserAgent,
			Credential: pdp.Credential{State: pdp.CredentialNone},
			LogIn:      pdp.LogIn{Familiar: from.words},
		},
	}
	var d pdp.Decision
	var err error
	for range 3 { // a decision that came too late is worth another try: a person waits
		if d, err = a.parts.Decider.Decide(ctx, question); err == nil {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("decide on a log-in: %w", err)
	}
	if !d.Allow || len(d.Obligations) > 0 {
		r := Refuse(TooSoon, "throttled")
		r.Wait = barredWait
		return r
	}
	return nil
}
