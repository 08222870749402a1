package config

import (
	"net/url"
	"strings"

	"github.com/wardgate/wardgate/pip/identity"
)

// checkAlerts reports what is wrong with where alerts go.
func (c *Config) checkAlerts(fault func(format string, args ...any)) {
	for _, to := range c.Alerts.MailTo {
		if _, err := identity.ParseEmail(to); err != nil {
			fault("alerts.mail_to: expected e-mail addresses")
		}
	}
	w := &c.Alerts.Webhook
	if w.URL == "" {
		if w.SecretFile != "" {
			fault("alerts.webhook.url: expected a URL, because alerts.webhook.secret_file is set")
		}
		return
	}
	u, err := url.Parse(w.URL)
	loopback := err == nil && (u.Hostname() == "localhost" || strings.HasPrefix(u.Hostname(), "127.") || u.Hostname() == "::1")
	if err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && loopback) {
		fault("alerts.webhook.url: expected an https URL; http is for loopback alone")
	}
	if w.SecretFile == "" {
		fault("alerts.webhook.secret_file: expected a file of mode 0600 with the secret that signs alerts")
	}
}
