// The support library has at least this file.
