package obligation

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/wardgate/wardgate/internal/strictjson"
)

// exactly decodes properties. What has two readings is refused, and so is a
// member that is not known: it could limit the answer further.
func exactly(properties json.RawMessage, into any) error {
	if !strictjson.Unambiguous(properties) {
		return errors.New("they have two readings")
	}
	d := json.NewDecoder(bytes.NewReader(properties))
	d.DisallowUnknownFields()
	return d.Decode(into)
}
