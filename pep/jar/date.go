package jar

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	isClock = regexp.MustCompile(`^(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\D.*)?$`)
	isDay   = regexp.MustCompile(`^(\d{1,2})(?:\D.*)?$`)
	isMonth = regexp.MustCompile(`^(?i)(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)`)
	isYear  = regexp.MustCompile(`^(\d{2,4})(?:\D.*)?$`)
)

// readDate reads a date as browsers do (RFC 6265, section 5.1.1), in any of the forms that
// applications write; zero for what is none. An application that takes a cookie back must
// not be understood otherwise here than there.
func readDate(text string) time.Time {
	parts := [4][]string{}
	for _, token := range strings.FieldsFunc(text, separates) {
		for i, form := range []*regexp.Regexp{isClock, isDay, isMonth, isYear} {
			if parts[i] == nil {
				if parts[i] = form.FindStringSubmatch(token); parts[i] != nil {
					break
				}
			}
		}
	}
	clock, day, month, year := parts[0], parts[1], parts[2], parts[3]
	if clock == nil || day == nil || month == nil || year == nil {
		return time.Time{}
	}
	y, of, d := number(year[1]), time.Month(strings.Index("janfebmaraprmayjunjulaugsepoctnovdec", strings.ToLower(month[1]))/3+1), number(day[1])
	switch {
	case y < 70:
		y += 2000
	case y < 100:
		y += 1900
	}
	hour, minute, second := number(clock[1]), number(clock[2]), number(clock[3])
	at := time.Date(y, of, d, hour, minute, second, 0, time.UTC)
	if y < 1601 || hour > 23 || minute > 59 || second > 59 || at.Day() != d {
		return time.Time{}
	}
	return at
}

// number is that of a few digits.
func number(digits string) int {
	n, _ := strconv.Atoi(digits) // they are digits
	return n
}

// separates reports whether a sign stands between the parts of a date.
func separates(r rune) bool {
	return r == 0x09 || r >= 0x20 && r <= 0x2f || r >= 0x3b && r <= 0x40 || r >= 0x5b && r <= 0x60 || r >= 0x7b && r <= 0x7e
}
