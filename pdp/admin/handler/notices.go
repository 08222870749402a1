package handler

import (
	"time"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/pip"
)

// A noticeItem is what an owner is told. What is not known of it is "".
type noticeItem struct {
	Kind    pip.NoticeKind `json:"kind"`
	At      time.Time      `json:"happened_at"`
	By      []string       `json:"by"` // usernames of others who did it
	OS      string         `json:"os"`
	Browser string         `json:"browser"`
	Country string         `json:"country"`
	Left    *int           `json:"recovery_codes_left,omitempty"`
	Until   *time.Time     `json:"until,omitempty"`
}

func (h handler) listNotices(c *gin.Context) {
	notes, err := h.admin.Notices(c.Request.Context(), claims(c).Subject)
	if err != nil {
		h.fail(c, err)
		return
	}
	items := make([]noticeItem, 0, len(notes))
	for _, n := range notes {
		item := noticeItem{Kind: n.Kind, At: n.At, By: append([]string{}, n.By...), OS: n.From.OS, Browser: n.From.Browser, Country: n.From.Country}
		if n.Kind == pip.NoticeRecovery {
			item.Left = &n.Left
		}
		if !n.Until.IsZero() {
			item.Until = &n.Until
		}
		items = append(items, item)
	}
	page(c, items, "")
}
