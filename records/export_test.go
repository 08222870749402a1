package records

import "time"

// SetDeadline bounds the work of one request.
func (s *Service) SetDeadline(d time.Duration) { s.deadline = d }
