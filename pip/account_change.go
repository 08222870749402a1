package pip

// An AccountChange is what an administrator changes about an account. What is nil
// stays as it is.
type AccountChange struct {
	From       []Account // the standings that the account may have now; none for any
	Standing   *Account
	Role       *string
	Username   *string
	Email      *string
	Staff      *string // "" unlinks
	Department *string
	Patient    *string // "" unlinks; an account is never linked to a patient here
	OfRole     string  // the role that the account must still have; "" for any
}
