"""What is made ready while all is well, for the day when it is not; and what is done about it afterwards."""
