package identity

import "time"

// A Parcel is a message as it is stored until it has been delivered.
type Parcel struct {
	ID       string
	Sealed   []byte // the message
	Attempts int    // how often its delivery was begun
	Next     time.Time
	Expires  time.Time
}
