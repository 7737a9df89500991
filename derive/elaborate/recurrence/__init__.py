"""What goes on in steps, h_t from h_{t-1}: written out, or judged at any step."""
