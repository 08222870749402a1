package chain

import (
	"encoding/json"
	"strings"

	"github.com/wardgate/wardgate/pip"
)

// ownRecord reports whether a record's JSON is one of the journal's about itself.
func AboutItself(text []byte) bool {
	var e struct{ Kind, Action string }
	err := json.Unmarshal(text, &e)
	return err == nil && e.Kind == string(pip.KindSystem) && strings.HasPrefix(e.Action, "journal.")
}
