package handler

import (
	"net/netip"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pip"
)

// restrictionItem is a ban, a bar or an owed step-up as administrators see it.
type restrictionItem struct {
	Kind    string    `json:"kind"` // pip.RestrictedAccount and so on
	Account string    `json:"account,omitempty"`
	Address string    `json:"address,omitempty"`
	Reason  string    `json:"reason"`
	By      string    `json:"by"`
	Since   time.Time `json:"since"`
	Until   time.Time `json:"until"`
}

func newRestrictionItem(b *admin.Ban) restrictionItem {
	kind, who := pip.RestrictionOf(b.Account)
	item := restrictionItem{Kind: kind, Account: who, Reason: b.Reason, By: b.By, Since: b.Created, Until: b.Until}
	if kind == pip.RestrictedAddress {
		item.Account, item.Address = "", who
	}
	return item
}

func (h handler) bans(c *gin.Context) {
	limit, ok := pageOf(c)
	if !ok {
		return
	}
	found, next, err := h.admin.Restrictions(c.Request.Context(), c.Query("after"), limit)
	if err != nil {
		h.fail(c, err)
		return
	}
	items := make([]restrictionItem, 0, len(found))
	for i := range found {
		items = append(items, newRestrictionItem(&found[i]))
	}
	page(c, items, next)
}

func (h handler) liftBar(c *gin.Context) {
	var text string
	if !decodeForm(c, form{required: texts{"address": &text}}) {
		return
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		write(c, malformed(problem.Field{Location: "body.address", Message: "expected an IPv4 or IPv6 address, without a prefix length"}))
		return
	}
	h.done(c, h.admin.LiftBar(c.Request.Context(), client(c), claims(c).Subject, address))
}
