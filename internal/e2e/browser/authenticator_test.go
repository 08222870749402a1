//go:build browser

package browser_test

import (
	"context"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// withAuthenticator gives the tab an authenticator that verifies its user, and does at
// once what a page asks for.
func (b *tab) withAuthenticator() *tab {
	b.t.Helper()
	b.run("passkeys", command(webauthn.Enable, webauthn.EnableParams{}))
	b.authenticator = get(b, "authenticator", func(ctx context.Context, t *chromedp.Target) (webauthn.AuthenticatorID, error) {
		r, err := cdp.Call(ctx, t, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
			Options: &webauthn.VirtualAuthenticatorOptions{
				Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
				HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
			},
		})
		return r.AuthenticatorID, err
	})
	return b
}

// waitsForThePerson has the authenticator do nothing by itself, or go on.
func (b *tab) waitsForThePerson(waits bool) *tab {
	b.t.Helper()
	b.run("presence", b.presence(!waits))
	return b
}

func (b *tab) presence(there bool) option {
	return command(webauthn.SetAutomaticPresenceSimulation, webauthn.SetAutomaticPresenceSimulationParams{
		AuthenticatorID: b.authenticator, Enabled: there,
	})
}

// keys are what the authenticator holds.
func (b *tab) keys() []*webauthn.Credential {
	b.t.Helper()
	return get(b, "keys", func(ctx context.Context, t *chromedp.Target) ([]*webauthn.Credential, error) {
		r, err := cdp.Call(ctx, t, webauthn.GetCredentials, webauthn.GetCredentialsParams{AuthenticatorID: b.authenticator})
		return r.Credentials, err
	})
}

// holding gives the authenticator a key, in place of those that it has.
func (b *tab) holding(key webauthn.Credential) *tab {
	b.t.Helper()
	add := cdp.Command[heldKey, cdp.Empty]{Method: webauthn.CommandAddCredential}
	b.run("hold a key",
		command(webauthn.ClearCredentials, webauthn.ClearCredentialsParams{AuthenticatorID: b.authenticator}),
		command(add, heldKey{b.authenticator, map[string]any{
			"credentialId": key.CredentialID, "isResidentCredential": true, "rpId": key.RpID, "privateKey": key.PrivateKey,
			"userHandle": key.UserHandle, "signCount": key.SignCount,
		}}))
	return b
}

// A heldKey has what every authenticator takes of a key.
type heldKey struct {
	AuthenticatorID webauthn.AuthenticatorID `json:"authenticatorId"`
	Credential      map[string]any           `json:"credential"`
}
