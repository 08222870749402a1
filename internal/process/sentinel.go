package process

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pdp/engine"
	"github.com/wardgate/wardgate/pdp/sentinel"
	"github.com/wardgate/wardgate/pdp/sentinel/webhook"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/pip/signals"
)

// alertLife is how long it is worth while to deliver an alert by mail.
const alertLife = 24 * time.Hour

// startSentinel has behaviour judged each second.
func startSentinel(g ground, a *administrator, e *engine.Engine, f *facts, j *journal) error {
	b := f.behaviour
	tell, err := openAlerts(g, a, j)
	if err != nil {
		return err
	}
	a.inBackground(func(ctx context.Context) {
		tellOfJournal(ctx, g.log.With("part", "journal"), tell, j.journal.Err)
	})
	watch, err := sentinel.New(sentinel.Config{
		Judge: e, Commander: commander{a.Admin}, Journal: j.keeper, Notifier: tell,
		Log: g.log.With("part", "sentinel"), NewID: uuid.NewString,
	})
	if err != nil {
		return err
	}
	known := &roleMemory{accounts: f.identities, log: g.log.With("part", "sentinel")}
	a.inBackground(func(ctx context.Context) {
		b.watch(ctx, g, j, func(ctx context.Context) {
			now := time.Now()
			active := behaviours(b.Active(now))
			known.fill(ctx, now, active)
			watch.Look(ctx, now, active)
		})
	})
	return nil
}

// behaviours leaves out what has no address that could be barred.
func behaviours(active map[signals.Who]pip.Signals) []pdp.Behaviour {
	list := make([]pdp.Behaviour, 0, len(active))
	for who, counts := range active {
		b := pdp.Behaviour{Subject: who.Subject, Signals: counts}
		if who.Subject == "" {
			address, err := netip.ParseAddr(who.Address)
			if err != nil {
				continue
			}
			b.Address = address
		}
		list = append(list, b)
	}
	return list
}

// commander has the policy administrator carry orders out.
type commander struct{ admin *admin.Admin }

func (c commander) CarryOut(ctx context.Context, o sentinel.Order) (bool, error) {
	return c.admin.CarryOut(ctx, admin.Order(o))
}

// alerts passes alerts on, by the channels that the configuration names.
type alerts struct {
	to    []string
	mail  identity.Mailer
	queue *webhook.Queue // nil for none
}

var _ sentinel.Notifier = (*alerts)(nil)

func openAlerts(g ground, a *administrator, j *journal) (*alerts, error) {
	c := &g.config.Alerts
	out := &alerts{to: c.MailTo, mail: a.people.mailer}
	if c.Webhook.URL == "" {
		return out, nil
	}
	secret, err := config.ReadSecret(c.Webhook.SecretFile)
	if err != nil {
		return nil, fmt.Errorf("alerts.webhook.secret_file: %w", err)
	}
	out.queue, err = webhook.New(webhook.Config{
		URL: c.Webhook.URL, Secret: []byte(secret), Lost: j.alertLost, Log: g.log.With("part", "webhook"),
	})
	if err != nil {
		return nil, fmt.Errorf("alerts.webhook: %w", err)
	}
	a.inBackground(out.queue.Run)
	return out, nil
}

// alertLost keeps evidence of an alert that did not arrive.
func (j *journal) alertLost(lost sentinel.Alert, reason string) {
	err := j.Append(context.Background(), pip.Event{
		Kind: pip.KindSystem, Time: time.Now(), Action: "alert.drop", Outcome: "failure",
		Subject: lost.Subject, Address: lost.Address, Reasons: []string{lost.Verdict}, Detail: reason,
	})
	if err != nil {
		j.ground.log.Error("the loss of an alert was not journalled", "alert", lost.ID, "error", err)
	}
}

// Notify passes one alert on.
func (t *alerts) Notify(ctx context.Context, channel string, alert sentinel.Alert) error {
	switch channel {
	case "webhook":
		if t.queue != nil {
			return t.queue.Notify(alert)
		}
	case "mail":
		for _, to := range t.to {
			if err := t.mail.Send(ctx, alertMail(to, &alert)); err != nil {
				return fmt.Errorf("alert by mail: %w", err)
			}
		}
	default:
		return fmt.Errorf("no channel is called %q", channel)
	}
	return nil
}

func alertMail(to string, alert *sentinel.Alert) identity.Message {
	if alert.Verdict == verdictAltered {
		return identity.Message{
			To: to, Subject: "Wardgate: " + alert.Verdict, Life: alertLife,
			Text: fmt.Sprintf("The files of the journal were removed, replaced or changed while Wardgate ran.\n"+
				"Noticed: %s\nAlert: %s\n\nEvery request is refused until it is started again, which verifies the journal.\n"+
				"The log says which file. Secure the folder first: it is evidence.\n",
				alert.Time.UTC().Format(time.RFC3339), alert.ID),
		}
	}
	who := "account " + alert.Subject
	if alert.Subject == "" {
		who = "address " + alert.Address
	}
	return identity.Message{
		To: to, Subject: "Wardgate: " + alert.Verdict, Life: alertLife,
		Text: fmt.Sprintf("Verdict: %s\nAbout: %s\nDone: %s\nUntil: %s\nAlert: %s\n\nThe journal holds what led to it.\n",
			alert.Verdict, who, alert.Do, alert.Until.UTC().Format(time.RFC3339), alert.ID),
	}
}
