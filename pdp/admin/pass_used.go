package admin

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/wardgate/wardgate/pip"
)

// reasonWithdrawn says that those who gave the word for a pass may no longer give it.
const reasonWithdrawn = "pass_withdrawn"

// sponsor is who gives the word for a pass now.
func (a *Admin) sponsor(ctx context.Context, by string) (pip.Sponsor, error) {
	p, err := a.parts.Users.Find(ctx, by)
	if r, _ := refused(err); r != nil {
		return pip.Sponsor{ID: by}, nil // the operator on the machine
	}
	if err != nil {
		return pip.Sponsor{}, fmt.Errorf("who gives a pass: %w", err)
	}
	return pip.Sponsor{ID: p.ID, Role: p.Role}, nil
}

// stillSponsored refuses, and journals, a log-in by a pass whose sponsors could not give
// their word now. A pass is used up by then: the person asks for another.
func (a *Admin) stillSponsored(ctx context.Context, c Client, proof pip.Proof) error {
	if !slices.Contains(proof.AMR, amrPass) {
		return nil
	}
	why, err := a.withdrawn(ctx, proof)
	if err != nil {
		return fmt.Errorf("who gave the pass: %w", err)
	}
	if why == "" {
		return nil
	}
	e := a.event(c, actionCreate, proof.Account.ID, "", a.cfg.Now())
	e.Role, e.Outcome, e.Reasons, e.Detail = proof.Account.Role, "failure", []string{reasonWithdrawn}, why
	if err := a.parts.Journal.Append(context.WithoutCancel(ctx), e); err != nil {
		return fmt.Errorf("journal a pass that was withdrawn: %w", err)
	}
	return Refuse(Unproven, reasonWithdrawn)
}

// withdrawn says which sponsor of a pass may no longer be one, and why; "" for none. A
// pass without a sponsor is none.
func (a *Admin) withdrawn(ctx context.Context, proof pip.Proof) (why string, err error) {
	if len(proof.Sponsors) == 0 {
		return "given by no account", nil
	}
	for _, s := range proof.Sponsors {
		p, err := a.parts.Users.Find(ctx, s.ID)
		r, _ := refused(err)
		switch {
		case r != nil && s.Role == "" && len(proof.Sponsors) == 1:
			continue // the operator's, who had no account then either
		case r != nil:
			return "given by " + s.ID + ": no account", nil
		case err != nil:
			return "", err
		}
		lost, err := a.keptOut(ctx, &p)
		if err != nil {
			return "", err
		}
		if lost == "" {
			lost = a.unfit(&p, s, proof)
		}
		if lost != "" {
			return "given by " + s.ID + ": " + lost, nil
		}
	}
	return "", nil
}

// keptOut says why an account may do nothing now: its standing, or "banned"; "" when it may.
func (a *Admin) keptOut(ctx context.Context, p *pip.Profile) (why string, err error) {
	if p.Standing != pip.AccountActive {
		return string(p.Standing), nil
	}
	bans, err := a.Bans(ctx)
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(bans, func(b Ban) bool { return b.Account == p.ID }) {
		return "banned", nil
	}
	return "", nil
}

// unfit says what a sponsor no longer has that it took to give the word. Colleagues, who
// are two, are of the owner's department.
func (a *Admin) unfit(p *pip.Profile, s pip.Sponsor, proof pip.Proof) string {
	switch {
	case p.Role != s.Role || p.Role == "":
		return "another role"
	case len(proof.Sponsors) == 1:
		return ""
	case a.kind(p) != pip.RoleStaff || p.Department == "" || p.Department != proof.Account.Department:
		return "another department"
	default:
		return ""
	}
}

// bound limits a session to what was proven: one that began with a pass ends with the
// shift, and says what it is.
func (s *Session) bound(proof pip.Proof) error {
	if !slices.Contains(proof.AMR, amrPass) {
		return nil
	}
	if !proof.Until.After(s.Created) {
		return errors.New("a pass without an end")
	}
	s.ACR = ACRPass
	if proof.Until.Before(s.Until) {
		s.Until = proof.Until
	}
	return nil
}

// byPass reports whether the account's session began with a pass.
func (a *Admin) byPass(ctx context.Context, account, session string) (bool, error) {
	s, err := a.parts.Store.Session(ctx, session)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil && s.Account == account && s.ACR == ACRPass, err
}
