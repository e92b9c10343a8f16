"""The decision and the values it is made of. Imports attrs and itself, and knows no world outside."""
