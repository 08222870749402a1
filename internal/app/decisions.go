package app

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"

	"github.com/wardgate/wardgate/pdp/api"
)

// decisionPoint serves enforcement points elsewhere. Its token is made on
// first use, in a file for the owner alone.
func (a *App) decisionPoint() (http.Handler, error) {
	token, err := readOrMake(a.data.path("pdp.token"), func() ([]byte, error) {
		return []byte(rand.Text() + rand.Text() + "\n"), nil
	})
	if err != nil {
		return nil, fmt.Errorf("token of the decision point: %w", err)
	}
	service, err := api.New(api.Config{
		Decider: a.metrics.decider(a.engine),
		Journal: a.journal,
		Token:   strings.TrimSpace(string(token)),
		BaseURL: a.Decisions(),
		Log:     a.log.With("part", "pdp"),
	})
	if err != nil {
		return nil, err
	}
	return a.served(service), nil
}

// Decisions is where other enforcement points ask.
func (a *App) Decisions() string { return "http://" + a.reached.pdp.Addr().String() }
