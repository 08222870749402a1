package identity_test

// Delivered counts the mails that somebody got.
func (m *mailbox) Delivered() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, mail := range m.mails {
		if !mail.Void {
			n++
		}
	}
	return n
}
