"""The Bot API: requests in, one function for each method, Telegram's words back."""
