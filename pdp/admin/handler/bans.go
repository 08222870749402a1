package handler

import (
	"net/netip"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pip"
)

// heldItem is a ban, a bar or an owed step-up as administrators see it.
type heldItem struct {
	Kind    string    `json:"kind"` // pip.HeldAccount and so on
	Account string    `json:"account,omitempty"`
	Address string    `json:"address,omitempty"`
	Reason  string    `json:"reason"`
	By      string    `json:"by"`
	Since   time.Time `json:"since"`
	Until   time.Time `json:"until"`
}

func newHeldItem(b *admin.Ban) heldItem {
	kind, who := pip.HeldAs(b.Account)
	item := heldItem{Kind: kind, Account: who, Reason: b.Reason, By: b.By, Since: b.Created, Until: b.Until}
	if kind == pip.HeldAddress {
		item.Account, item.Address = "", who
	}
	return item
}

func (h handler) bans(c *gin.Context) {
	limit, ok := pageOf(c)
	if !ok {
		return
	}
	held, next, err := h.admin.Held(c.Request.Context(), c.Query("after"), limit)
	if err != nil {
		h.fail(c, err)
		return
	}
	items := make([]heldItem, 0, len(held))
	for i := range held {
		items = append(items, newHeldItem(&held[i]))
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
