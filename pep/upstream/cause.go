package upstream

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
)

// Cause is what the log may say about an exchange that failed: known errors,
// which are among those that the caller names, and those of the network.
// net/http quotes an answer that it cannot parse, and that may be a patient's
// record.
func Cause(err error, known ...error) string {
	var network net.Error
	var certificate *tls.CertificateVerificationError
	for _, k := range append(known, io.EOF, io.ErrUnexpectedEOF, context.Canceled) {
		if errors.Is(err, k) {
			return err.Error()
		}
	}
	if errors.As(err, &network) || errors.As(err, &certificate) {
		return err.Error()
	}
	return fmt.Sprintf("the exchange with the application broke (%T)", err)
}
