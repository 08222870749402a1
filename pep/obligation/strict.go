package obligation

import (
	"encoding/json"

	"github.com/wardgate/wardgate/internal/strictjson"
)

// exactly decodes properties. What has two readings is refused, and so is a
// member that is not known: it could limit the answer further.
func exactly(properties json.RawMessage, into any) error {
	return strictjson.Decode(properties, into)
}
