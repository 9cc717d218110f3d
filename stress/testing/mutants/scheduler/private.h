// What only the scheduler sees.
inline int PrivateAnswer() { return 42; }
